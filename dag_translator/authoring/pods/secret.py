"""Secret: a secret of the cluster, in a pod's environment or files."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from dag_translator.authoring.exceptions import AirflowConfigException
from dag_translator.authoring.pods.models import plain


class Secret:
    """deploy_type "env": the variable deploy_target is the secret's `key`, or without one all its keys are variables;
    "volume": its keys (or `items`) are files in deploy_target."""

    def __init__(
        self, deploy_type: str, deploy_target: str | None, secret: str, key: str | None = None, items: Any = None
    ) -> None:
        if deploy_type not in ("env", "volume"):
            raise AirflowConfigException("deploy_type must be env or volume")
        if key is not None and deploy_target is None:
            raise AirflowConfigException("If `key` is set, `deploy_target` should not be None")
        self.deploy_type = deploy_type
        self.deploy_target = (
            deploy_target.upper() if deploy_target is not None and deploy_type == "env" else deploy_target
        )
        self.secret = secret
        self.key = key
        self.items = items or []

    def attach(self, container: dict[str, Any], volumes: list[Any]) -> None:
        """Put it into a container, and its volume, if it has one, into the pod's."""
        if self.deploy_type == "volume":
            name = f"secretvol{uuid4()}"
            source = {"secretName": self.secret, **({"items": plain(self.items)} if self.items else {})}
            volumes.append({"name": name, "secret": source})
            mount = {"name": name, "mountPath": self.deploy_target, "readOnly": True}
            container["volumeMounts"] = [*container.get("volumeMounts", ()), mount]
        elif self.key is None:
            container["envFrom"] = [*container.get("envFrom", ()), {"secretRef": {"name": self.secret}}]
        else:
            source = {"secretKeyRef": {"name": self.secret, "key": self.key}}
            container["env"] = [*container.get("env", ()), {"name": self.deploy_target, "valueFrom": source}]
