"""ServiceSensor: a sensor on an AWS service, as a small class around a `Watch`.

    class RedshiftClusterSensor(ServiceSensor):
        service = "redshift"
        watch = Watch("redshift", "DescribeClusters", "Clusters.ClusterStatus", grants=(…,))
        __init__ = takes("cluster_identifier", target_status="available", deferrable=False)

        def arguments(self): return {"ClusterIdentifier": self.cluster_identifier}
        def success_states(self): return (self.target_status,)

Step Functions asks natively; the sensor is Python where it has a say in how a failure counts (silent_fail, never_fail,
exponential_backoff), and where it asks with a connection's credentials or in another region.
"""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.aws.operator import ServiceMixin
from dag_translator.authoring.aws.rows import Grant
from dag_translator.authoring.sensors.aws import AwsBaseSensor


class ServiceSensorTask(ServiceMixin, AwsBaseSensor):
    """A sensor whose poke is Python. Subclasses say `arguments`. reads: what IAM has to allow for those."""

    reads: tuple[Grant, ...] = ()

    def arguments(self) -> dict[str, Any]:
        """Of the watch's action, spelt as the API does, once templates are rendered."""
        raise NotImplementedError

    def pace(self) -> float:
        """Seconds between two questions."""
        return float(self.poke_interval)

    def found(self, context: Any) -> None:
        """What is to be done when it is there. A class with one of its own is poked by a Lambda."""

    def poke(self, context: Any) -> Any:
        state, told = self.asked(self.arguments())
        self.log.info("%s: %s", self.task_id, told)
        if state == "failed":
            raise self.failure(told)
        if state == "success":
            self.found(context)
        return state == "success"


class ServiceSensor(ServiceSensorTask):
    """A sensor that Step Functions asks for."""
