"""An AWS that answers as a test says, and checks as botocore does: each request against the service's model (names,
types, required fields), each answer against the action's output. For boto3 and for Step Functions' integrations.

    aws = FakeAws({"redshift:PauseCluster": {…}, "redshift:DescribeClusters": [{…}, {…}]})
    project.run(text, aws.services, aws)
    aws.calls == [("redshift:PauseCluster", {"ClusterIdentifier": "c"}), …]

The services' and actions' names are boto3's and the API's. An answer is a dict, a `Failure`, or a function of the
request; a list gives them in turn, its last again and again. A `.sync` resource (`sagemaker:createTrainingJob.sync`)
has its request checked against its action, and answers, or fails, as the table says.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from infra.local.engine import TaskCall, TaskFailed
from infra.local.integrations import AwsIntegrations
from infra.local.integrations.sdk import call_service, sdk_prefix
from lambdas.backends import TemplateLender


@dataclass(frozen=True)
class Failure:
    """A service's error."""

    code: str
    message: str = "no"


# Optimized integrations whose service part is not boto3's.
SYNC_SERVICES = {"elasticmapreduce": "emr", "emr-serverless": "emr-serverless"}


@dataclass
class FakeAws(TemplateLender):
    """answers: "service:Action" → what it answers. calls: what was asked; by_machine: the part of it that Step
    Functions asked. lent: the arguments of each boto3 client."""

    answers: Mapping[str, Any]
    calls: list[tuple[str, Any]] = field(default_factory=list)
    by_machine: list[str] = field(default_factory=list)
    lent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _clients: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def client(self, service: str, **arguments: Any) -> Any:
        """What an operator borrows."""
        self.lent.append((service, arguments))
        return self._client(service)

    def asked(self, name: str) -> list[Any]:
        """The requests of one action."""
        return [request for each, request in self.calls if each == name]

    @property
    def services(self) -> Integrations:
        return Integrations(self)

    def answer(self, name: str, request: Any) -> Any:
        earlier = len(self.asked(name))
        self.calls.append((name, request))
        assert name in self.answers, f"nobody says what {name} answers to {request}"
        turns = self.answers[name]
        turns = turns if isinstance(turns, list) else [turns]
        answer = turns[min(earlier, len(turns) - 1)]
        return answer(request) if callable(answer) else answer

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            client = _session().create_client(
                service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
            )
            client.meta.events.register("before-parameter-build.*.*", _remember)
            client.meta.events.register("before-call.*.*", lambda **event: self._called(service, **event))
            self._clients[service] = client
        return self._clients[service]

    def _called(self, service: str, model: Any, context: Any, **_: Any) -> Any:
        answer = self.answer(f"{service}:{model.name}", context["asked"])
        if isinstance(answer, Failure):
            return SimpleNamespace(status_code=400), {"Error": {"Code": answer.code, "Message": answer.message}}
        if model.output_shape is not None:
            wrong = ParamValidator().validate(answer, model.output_shape)
            kinds = [kind for kind, *_ in wrong._errors]  # what is too short or missing is of no interest
            assert not {"unknown field", "invalid type"} & set(kinds), wrong.generate_report()
        return SimpleNamespace(status_code=200), {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}


@functools.cache
def _session() -> Any:
    """One for all: it keeps the services' models."""
    return botocore.session.get_session()


def _remember(params: Any, context: Any, **_: Any) -> None:
    context["asked"] = dict(params)


@dataclass
class Integrations:
    """Step Functions' integrations with the same AWS."""

    aws: FakeAws

    async def call(self, resource: str, arguments: Any, call: TaskCall) -> Any:
        name = resource.partition(":::")[2]
        if not name.endswith(".sync"):
            before = len(self.aws.calls)
            try:
                return await AwsIntegrations(self.aws._client, threads=0).call(resource, arguments, call)
            finally:
                self.aws.by_machine += [asked for asked, _ in self.aws.calls[before:]]
        service, _, action = name.removesuffix(".sync").partition(":")
        service = SYNC_SERVICES.get(service, service)
        checked = FakeAws({f"{service}:{action[0].upper()}{action[1:]}": lambda _request: {}}, self.aws.calls)
        call_service(checked._client, sdk_prefix(service), service, action, arguments)
        answer = self.aws.answer(name, arguments)
        self.aws.by_machine += [asked for asked, _ in self.aws.calls[-2:]]
        if isinstance(answer, Failure):
            raise TaskFailed(answer.code, answer.message)
        return answer
