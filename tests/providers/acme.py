"""A provider distribution for the tests: the wheel of `apache-airflow-providers-acme`, as real ones are made."""

from __future__ import annotations

import zipfile
from pathlib import Path

METADATA = """\
Metadata-Version: 2.1
Name: apache-airflow-providers-acme
Version: 1.2.0
Requires-Dist: apache-airflow>=2.11.0
"""
INFO = """
def get_provider_info():
    return {
        "package-name": "apache-airflow-providers-acme",
        "name": "Acme",
        "connection-types": [
            {"connection-type": "acme", "hook-class-name": "airflow.providers.acme.hooks.acme.AcmeHook"}
        ],
    }
"""
HOOK = '''
from airflow.executors.base_executor import BaseExecutor  # Airstep has no such thing
from airflow.providers.common.compat.sdk import BaseHook

try:
    from airflow.no_such_module import anything
except ImportError:
    anything = "a fallback"


class AcmeExecutor(BaseExecutor):
    """Of no use in a task."""


class AcmeHook(BaseHook):
    conn_name_attr = "acme_conn_id"

    def __init__(self, acme_conn_id="acme_default"):
        super().__init__()
        self.acme_conn_id = acme_conn_id

    def say(self, text):
        return f"{text} at {self.get_connection(self.acme_conn_id).host}"
'''
OPERATOR = """
from airflow.configuration import conf
from airflow.exceptions import AirflowException
from airflow.models import BaseOperator
from airflow.providers.acme.hooks.acme import AcmeHook
from airflow.providers.acme.triggers.acme import AcmeTrigger


class AcmeOperator(BaseOperator):
    template_fields = ("text",)

    def __init__(self, *, text, acme_conn_id="acme_default",
                 deferrable=conf.getboolean("operators", "default_deferrable", fallback=False), **kwargs):
        super().__init__(**kwargs)
        self.text = text
        self.acme_conn_id = acme_conn_id
        self.deferrable = deferrable

    def execute(self, context):
        from airflow.providers.acme.hooks.acme import AcmeHook as again

        if again is not AcmeHook:
            raise AirflowException("the module was loaded twice")
        said = AcmeHook(self.acme_conn_id).say(self.text)
        if self.deferrable:
            self.defer(trigger=AcmeTrigger(said), method_name="execute_complete")
        return said

    def execute_complete(self, context, event=None):
        return f"{event}, later"
"""
TRIGGER = """
from airflow.triggers.base import BaseTrigger, TriggerEvent


class AcmeTrigger(BaseTrigger):
    def __init__(self, said):
        super().__init__()
        self.said = said

    def serialize(self):
        return ("airflow.providers.acme.triggers.acme.AcmeTrigger", {"said": self.said})

    async def run(self):
        yield TriggerEvent(self.said)
"""
SENSOR = '''
from airflow.sensors.base import BaseSensorOperator


class AcmeSensor(BaseSensorOperator):
    """True at every third poke; its execute adds to what the poke found, and defers if it is told to."""

    pokes = []

    def __init__(self, *, deferrable=True, **kwargs):
        super().__init__(**kwargs)
        self.deferrable = deferrable

    def poke(self, context):
        self.pokes.append(context["ti"].task_id)
        return len(self.pokes) % 3 == 0

    def execute(self, context):
        if self.deferrable:
            raise RuntimeError("not here")
        super().execute(context)
        return f"poked for {self.pokes[-1]}"
'''
FILES = {
    "__init__.py": '__version__ = "1.2.0"\n',
    "get_provider_info.py": INFO,
    "hooks/__init__.py": "",
    "hooks/acme.py": HOOK,
    "operators/__init__.py": "",
    "operators/acme.py": OPERATOR,
    "triggers/__init__.py": "",
    "triggers/acme.py": TRIGGER,
    "sensors/__init__.py": "",
    "sensors/acme.py": SENSOR,
}
ENTRY_POINTS = """\
[apache_airflow_provider]
provider_info=airflow.providers.acme.get_provider_info:get_provider_info
"""
WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def write_wheel(folder: Path) -> Path:
    """Write the wheel into `folder`."""
    information = "apache_airflow_providers_acme-1.2.0.dist-info"
    files = {f"airflow/providers/acme/{name}": text for name, text in FILES.items()}
    files |= {f"{information}/{name}": text for name, text in _INFORMATION.items()}
    files[f"{information}/RECORD"] = "".join(f"{name},,\n" for name in (*files, f"{information}/RECORD"))
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / "apache_airflow_providers_acme-1.2.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return wheel


_INFORMATION = {"METADATA": METADATA, "WHEEL": WHEEL, "entry_points.txt": ENTRY_POINTS}
