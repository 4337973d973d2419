"""The rows that an operator or sensor of an AWS service is made of: what is called, how its answer is judged, what IAM
has to allow. The same row drives `execute` and `poke` (boto3), the states, the statements of both roles.

>>> judge(Watch("redshift", "DescribeClusters", "Clusters.ClusterStatus", success=("available",)),
...       {"Clusters": [{"ClusterStatus": "available"}]})
('success', 'available')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import Parameter, Signature
from typing import Any


@dataclass(frozen=True, slots=True)
class Grant:
    """IAM actions on resources. A resource is an ARN without `arn:PARTITION:`, or `*`; `{here}` is region:account,
    `{account}` the account, `{name}` an argument of the operator (`{config.Name}` what is in it): its text where the
    DAG file says it, else `*`. given: the argument without which the operator does none of it."""

    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    condition: Mapping[str, Any] = field(default_factory=dict)
    given: str = ""


def grant(actions: str, *resources: str, given: str = "") -> Grant:
    """actions: with spaces between them."""
    return Grant(tuple(actions.split()), resources or ("*",), given=given)


def passes_role(service: str) -> Grant:
    """The service gets a role that an argument names. service: as IAM names its principal."""
    to = {"iam:PassedToService": f"{service}.amazonaws.com"}
    return Grant(("iam:PassRole",), ("iam::{account}:role/*",), {"StringLike": to})


@dataclass(frozen=True, slots=True)
class Watch:
    """How something on AWS is asked for its state.

    service, action: boto3's name of the service, the API's of the action. state: where the answer has it, names with
    dots, spelt as the API does, through lists. success, failure: states; any other means not yet. every: the answer
    has several states, and success means all of them. reason: where the answer says why it failed. gone: error codes
    of the service that mean success (something was to be deleted). grants: for the action.
    """

    service: str
    action: str
    state: str
    success: tuple[str, ...] = ()
    failure: tuple[str, ...] = ()
    every: bool = False
    reason: str = ""
    gone: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, slots=True)
class Sync:
    """A job that Step Functions starts, waits for, and stops with the run.

    resource: the integration without `.sync`. maps: fields of the request whose keys are the user's own. grants: of the
    machine's role, all that the developer guide's IAM page of the integration names.
    """

    resource: str
    maps: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()


def at(answer: Any, path: str) -> list[Any]:
    """What is at a path; a list on the way stands for its items.

    >>> at({"Steps": [{"State": "A"}, {"State": "B"}]}, "Steps.State")
    ['A', 'B']
    """
    found = [answer]
    for name in path.split("."):
        found = [each[name] for each in found if isinstance(each, Mapping) and name in each]
        found = [item for each in found for item in (each if isinstance(each, list) else [each])]
    return found


def judge(
    watch: Watch, answer: Any, success: tuple[str, ...] | None = None, failure: tuple[str, ...] | None = None
) -> tuple[str, str]:
    """("success" | "failed" | "running", the state or the reason). success, failure: in place of the row's."""
    states = at(answer, watch.state)
    told = ", ".join(dict.fromkeys(str(state) for state in states))
    good = [state in (watch.success if success is None else success) for state in states]
    if states and (all(good) if watch.every else good[0]):
        return "success", told
    if any(state in (watch.failure if failure is None else failure) for state in states):
        reasons = at(answer, watch.reason) if watch.reason else []
        return "failed", f"{told}: {reasons[0]}" if reasons else told
    return "running", told


_DICTS = frozenset({"config", "conf", "job_flow_overrides", "run_configuration"})


def takes(*required: str, **defaults: Any) -> Any:
    """An `__init__` with these arguments, each kept as the attribute of its name; all others go to the class above.

    What is by its name a dict of more arguments is one, empty for None, as in the provider: DAG files add to it.
    """
    given = dict.fromkeys(required, Parameter.empty) | defaults
    dicts = {name for name in given if name.endswith("_kwargs") or name in _DICTS}

    def init(self: Any, **kwargs: Any) -> None:
        owner: Any = next(kind for kind in type(self).__mro__ if _is(vars(kind).get("__init__"), init))
        own = {name: kwargs.pop(name, default) for name, default in given.items()}
        super(owner, self).__init__(**kwargs)
        for name, value in own.items():
            setattr(self, name, {} if value is None and name in dicts else value)

    parameters = [Parameter(name, Parameter.KEYWORD_ONLY, default=default) for name, default in given.items()]
    others = Parameter("kwargs", Parameter.VAR_KEYWORD)
    self = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)
    init.__signature__ = Signature([self, *parameters, others])  # type: ignore[attr-defined]
    return init


def _is(method: Any, init: Any) -> bool:
    return getattr(method, "__wrapped__", None) is init
