"""What the runtime lends to operators while they run: templates everywhere, secrets and AWS clients in a Lambda.

Variables are SSM parameters `/airflow/variables/NAME`, Connections are secrets `airflow/connections/NAME`: the
names that Airflow's own backends use. Each is fetched once per warm worker; what does not exist is asked for again.
"""

from __future__ import annotations

from typing import Any

from dag_translator.authoring.runtime import Runtime as Lender
from lambdas import aws
from lambdas.context import templates

VARIABLES_PREFIX = "/airflow/variables/"
CONNECTIONS_PREFIX = "airflow/connections/"

_ABSENT = frozenset({"ParameterNotFound", "ResourceNotFoundException"})


class TemplateLender(Lender):
    """Templates; no secrets but those in the environment."""

    def render_template_fields(self, operator: Any, context: Any, jinja_env: Any = None) -> None:
        templates.render_template_fields(operator, context, jinja_env)

    def render_template(self, operator: Any, content: Any, context: Any, jinja_env: Any = None) -> Any:
        return templates.render_template(operator, content, context, jinja_env)

    def get_template_env(self, operator: Any, dag: Any = None) -> Any:
        if dag is None and operator is not None:
            dag = operator.dag
        return templates.environment_for(operator, dag)


class AwsLender(TemplateLender):
    """Variables from SSM, Connections from Secrets Manager, boto3 clients for hooks."""

    def __init__(self, clients: aws.Clients) -> None:
        super().__init__()
        self._clients = clients
        self._variables: dict[str, str] = {}
        self._connections: dict[str, str] = {}

    def get_variable(self, key: str) -> str | None:
        if key not in self._variables:
            try:
                answer = self._clients.ssm.get_parameter(Name=f"{VARIABLES_PREFIX}{key}", WithDecryption=True)
            except Exception as error:
                if aws.error_code(error) in _ABSENT:
                    return None
                raise
            self._variables[key] = str(answer["Parameter"]["Value"])
        return self._variables[key]

    def set_variable(self, key: str, value: str, description: str | None = None) -> None:
        request = {"Name": f"{VARIABLES_PREFIX}{key}", "Value": value, "Type": "String", "Overwrite": True}
        described = {"Description": description} if description else {}
        # Plain parameters hold 4 KB; this tier takes the larger kind only where it has to.
        self._clients.ssm.put_parameter(**request, **described, Tier="Intelligent-Tiering")
        self._variables[key] = value

    def delete_variable(self, key: str) -> None:
        self._variables.pop(key, None)
        try:
            self._clients.ssm.delete_parameter(Name=f"{VARIABLES_PREFIX}{key}")
        except Exception as error:
            if aws.error_code(error) not in _ABSENT:
                raise

    def get_connection(self, conn_id: str) -> Any:
        if conn_id not in self._connections:
            try:
                answer = self._clients.secretsmanager.get_secret_value(SecretId=f"{CONNECTIONS_PREFIX}{conn_id}")
            except Exception as error:
                if aws.error_code(error) in _ABSENT:
                    return None
                raise
            self._connections[conn_id] = str(answer["SecretString"])
        return self._connections[conn_id]

    def client(self, service: str, **arguments: Any) -> Any:
        return aws.lent("client", service, arguments)

    def session(self, **arguments: Any) -> Any:
        return aws.lent_session(arguments)

    def resource(self, service: str, **arguments: Any) -> Any:
        return aws.lent("resource", service, arguments)
