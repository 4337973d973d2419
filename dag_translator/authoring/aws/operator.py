"""ServiceOperator: an operator of an AWS service, as a small class around the rows of `aws.rows`.

    class RedshiftPauseClusterOperator(ServiceOperator):
        service, action = "redshift", "PauseCluster"
        starts = (grant("redshift:PauseCluster", "redshift:{here}:cluster:{cluster_identifier}"),)
        watch = Watch("redshift", "DescribeClusters", "Clusters.ClusterStatus", ("paused",))
        template_fields = aws_template_fields("cluster_identifier")
        __init__ = takes("cluster_identifier", deferrable=False, poll_interval=30, max_attempts=30)

        def request(self): return {"ClusterIdentifier": self.cluster_identifier}
        def handle(self, answer): return {"ClusterIdentifier": self.cluster_identifier}

What happens: `start` → a handle, the arguments of the watch's action → (if it `waits`) asked until it is over →
`finish` with the handle, which answers the return value and pushes XComs. On Step Functions `start` and `finish` run in
Lambda, the asking is the machine's; without waiting `execute` as a whole runs in Lambda.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dag_translator.authoring.aws.rows import Grant, Sync, Watch, at, judge
from dag_translator.authoring.exceptions import AirflowException
from dag_translator.authoring.operators.aws import AwsBaseOperator, AwsMixin

# Seconds; a year is what an execution lives.
FOREVER = 365 * 24 * 3600.0


class ServiceMixin(AwsMixin):
    """The boto3 client of `service`, and calls by the API's names of actions."""

    service: str = ""
    watch: Any = None
    kept: tuple[str, ...] = ()
    log: Any

    if TYPE_CHECKING:  # what `takes` keeps

        def __getattr__(self, name: str) -> Any: ...

    @property
    def _hook_parameters(self) -> dict[str, Any]:
        return {**super()._hook_parameters, "client_type": self.service}

    def client(self, service: str | None = None) -> Any:
        return self.hook.get_client_type(client_type=service or self.service)

    def call(self, action: str, request: dict[str, Any], service: str | None = None) -> dict[str, Any]:
        """One action; what is None in the request is left out."""
        client = self.client(service)
        names = client.meta.method_to_api_mapping
        method = next(name for name, api in names.items() if api == action)
        answer: dict[str, Any] = getattr(client, method)(**present(request))
        answer.pop("ResponseMetadata", None)
        return answer

    def is_elsewhere(self, argument: Callable[[str], Any]) -> bool:
        """Whether only boto3 can make the calls: Step Functions has the machine's role and region, nothing else.

        argument: gives the operator's argument of a name, before templates are rendered.
        """
        own = any(argument(name) is not None for name in ("region_name", "verify", "botocore_config"))
        return own or argument("aws_conn_id") not in (None, "aws_default")

    def asked(self, handle: dict[str, Any]) -> tuple[str, str]:
        """What the watch says, as `rows.judge`. A class with an `asked` of its own is asked by a Lambda."""
        kind = type(self)  # an argument may have the name of one of the methods
        watch: Watch = kind.chosen_watch(self)
        try:
            answer = self.call(watch.action, self.question(handle), watch.service)
        except Exception as error:
            if error_code(error) in watch.gone:
                return "success", "deleted"
            raise
        return judge(watch, answer, kind.success_states(self), kind.failure_states(self))

    def chosen_watch(self) -> Any:
        """The watch. A class whose arguments choose among several has one of its own, which knows them unrendered."""
        return self.watch

    def question(self, handle: dict[str, Any]) -> dict[str, Any]:
        """The arguments of the watch's action: the handle without what is `kept`."""
        return {name: value for name, value in handle.items() if name not in self.kept}

    def judged(self, watch: Watch, request: dict[str, Any]) -> tuple[str, str]:
        """What another watch says."""
        return judge(watch, self.call(watch.action, request, watch.service))

    def link(self, context: Any, key: str, **values: Any) -> None:
        """The XCom that a link to the AWS console is made of."""
        from lambdas.tasks.native.links import push_link

        push_link(self, context, key, **values)

    def success_states(self) -> tuple[str, ...]:
        states: tuple[str, ...] = self.chosen_watch().success
        return states

    def failure_states(self) -> tuple[str, ...]:
        states: tuple[str, ...] = self.chosen_watch().failure
        return states

    def failure(self, told: str) -> Exception:
        """What a failed state raises. told: the state, and the reason if the service gives one."""
        return AirflowException(f"{type(self).__name__} {getattr(self, 'task_id', '')} failed: {told}")


class ServiceTask(ServiceMixin, AwsBaseOperator):
    """An operator whose Python Lambda runs as a whole. Subclasses say `action` and `request`, or `start`.

    starts: what IAM has to allow for start and finish. reads: the same for `prepared` and `finish` alone, where Step
    Functions itself starts the job (`sync`). kept: names in the handle that are for `finish`, not for the watch.
    returns: where the handle has the return value; `*` is all of it.
    """

    action: str = ""
    starts: tuple[Grant, ...] = ()
    reads: tuple[Grant, ...] = ()
    sync: Sync | None = None
    watch: Watch | None = None
    returns: str = ""

    def request(self) -> dict[str, Any]:
        """The action's request, spelt as the API does, once templates are rendered; None is left out."""
        raise NotImplementedError

    def handle(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The arguments of the watch's action, of the answer to the start."""
        return answer

    def prepared(self, context: Any) -> dict[str, Any]:  # noqa: ARG002
        """The request, and what is to be done before it is sent."""
        return self.request()

    def start(self, context: Any) -> dict[str, Any] | None:
        """Start the work. Returns the handle; None if there is nothing to wait for."""
        return self.handle(self.call(self.action, self.prepared(context)))

    def finish(self, handle: dict[str, Any] | None, context: Any) -> Any:  # noqa: ARG002
        """The return value, when it is over, or was started only: what `returns` says of the handle."""
        if self.returns == "*":
            return handle
        return next(iter(at(handle, self.returns)), None) if self.returns else None

    def abandon(self, handle: dict[str, Any]) -> None:
        """Clean up after work that failed, or took too long. A class with one of its own is asked by a Lambda."""

    def waits(self) -> bool:
        """Whether the task is to end with the work."""
        return bool(getattr(self, "wait_for_completion", False) or getattr(self, "deferrable", False))

    def pace(self) -> tuple[float, float | None]:
        """Seconds between two questions, and how often it is asked at most (None: until it is over)."""
        delay = _first(self, "waiter_delay", "poll_interval", "poll_sleep", "check_interval")
        attempts = _first(self, "waiter_max_attempts", "max_attempts", "max_polling_attempts")
        return 30.0 if delay is None else float(delay), None if attempts is None else float(attempts)

    def longest(self) -> float:
        """Seconds that are waited at most."""
        kind: Any = self.operator_class  # `self` may stand in for a mapped operator
        delay, attempts = kind.pace(self)
        limits = [FOREVER if attempts is None else max(1.0, delay * attempts)]
        if self.execution_timeout is not None:
            limits.append(self.execution_timeout.total_seconds())
        return min(limits)

    def too_late(self) -> tuple[str, str]:
        """The error's name and message when it has waited `longest`."""
        kind: Any = self.operator_class
        timeout = self.execution_timeout
        if timeout is not None and timeout.total_seconds() <= kind.longest(self):
            return "AirflowTaskTimeout", "Timeout"
        return "AirflowException", "Waiter error: max attempts reached"

    def synced(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The handle, of the answer of the `.sync` integration."""
        return self.handle(answer)

    def execute(self, context: Any) -> Any:
        handle = self.start(context)
        if handle is not None and self.waits():
            self._wait(handle)
        return self.finish(handle, context)

    def _wait(self, handle: dict[str, Any], sleep: Callable[[float], None] | None = None) -> None:
        delay, attempts = self.pace()
        asked = 0
        while True:
            state, told = self.asked(handle)
            asked += 1
            if state == "success":
                return
            if state == "failed":
                self.abandon(handle)
                raise self.failure(told)
            if attempts is not None and asked >= attempts:
                self.abandon(handle)
                raise AirflowException(f"Waiter error: max attempts reached; the last state is {told}")
            (sleep or time.sleep)(delay)


class ServiceOperator(ServiceTask):
    """An operator that Step Functions waits for."""


def present(request: dict[str, Any]) -> dict[str, Any]:
    """Without what is None."""
    return {name: value for name, value in request.items() if value is not None}


def tag_list(tags: Any, key: str = "Key", value: str = "Value") -> Any:
    """Tags as the APIs have them, of a dict or of such a list."""
    return [{key: name, value: each} for name, each in tags.items()] if isinstance(tags, dict) else tags or []


def many(given: Any) -> list[Any]:
    """One text or several."""
    return [given] if isinstance(given, str) else list(given)


def error_code(error: Exception) -> str:
    """The code of a client's error; empty for any other exception."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def _first(operator: Any, *names: str) -> Any:
    return next((value for name in names if (value := getattr(operator, name, None)) is not None), None)
