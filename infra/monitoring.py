"""Alarms and the dashboard: what should wake somebody up, and what shows whether runs go well.

Only where the setting `alarmTopic` says whom: an alarm costs $0.10 a month whether anything runs or not, a dashboard $3
(the first ten and three of an account are free), and nothing else that is deployed costs anything at rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.settings import Settings

_PERIOD = Duration.minutes(5)


def add_dag_alarms(scope: Construct, settings: Settings, dag_id: str, machine_arn: str) -> None:
    """Alarms when a run of the DAG failed, or took longer than its `dagrun_timeout`; none without a topic."""
    if settings.alarm_topic is None:
        return
    for metric, what in (("ExecutionsFailed", "failed"), ("ExecutionsTimedOut", "took too long")):
        ended = cloudwatch.Metric(
            namespace="AWS/States",
            metric_name=metric,
            dimensions_map={"StateMachineArn": machine_arn},
            statistic="Sum",
            period=_PERIOD,
        )
        about = f"A run of the DAG {dag_id} {what}"
        _alarm(scope, metric.replace("Executions", "Runs"), ended, about, settings.alarm_topic)


def add_platform_alarms(
    scope: Construct, settings: Settings, functions: Sequence[lambda_.IFunction], dead_letters: sqs.IQueue
) -> None:
    """Alarms on the platform's functions and on what could not be delivered, and a dashboard over all runs; none
    without a topic.
    """
    if settings.alarm_topic is None:
        return
    for function in functions:
        about = f"The function {function.node.id} of {settings.platform_stack} fails"
        errors = function.metric_errors(period=_PERIOD, statistic="Sum")
        _alarm(scope, f"{function.node.id}Errors", errors, about, settings.alarm_topic)
    lost = dead_letters.metric_approximate_number_of_messages_visible(period=_PERIOD, statistic="Maximum")
    about = "Schedules, ends of runs or requests for backfills could not be delivered or handled"
    _alarm(scope, "SchedulesLost", lost, about, settings.alarm_topic)
    dashboard = cloudwatch.Dashboard(scope, "Dashboard", dashboard_name=settings.prefix)
    dashboard.add_widgets(
        _runs_widget(
            "Runs", ("ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut"), "Sum"
        ),
        _runs_widget("Duration of runs", ("ExecutionTime",), "Average"),
    )
    dashboard.add_widgets(
        cloudwatch.GraphWidget(
            title="Errors of the platform's functions",
            width=12,
            left=[function.metric_errors(period=_PERIOD, label=function.node.id) for function in functions],
        ),
        cloudwatch.GraphWidget(title="Lost schedules", width=12, left=[lost]),
    )


def _runs_widget(title: str, metrics: Sequence[str], statistic: str) -> cloudwatch.GraphWidget:
    """One line for each state machine of the account and region, and metric."""
    searches = [
        cloudwatch.MathExpression(
            expression=f"SEARCH('{{AWS/States,StateMachineArn}} MetricName=\"{name}\"', '{statistic}', 300)",
            using_metrics={},
            label=name,
            period=_PERIOD,
        )
        for name in metrics
    ]
    return cloudwatch.GraphWidget(title=title, width=12, left=searches)


def _alarm(scope: Construct, construct_id: str, metric: cloudwatch.IMetric, about: str, topic_arn: str) -> None:
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        metric=metric,
        alarm_description=about,
        threshold=1,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    topic = sns.Topic.from_topic_arn(scope, f"{construct_id}Topic", topic_arn)
    alarm.add_alarm_action(actions.SnsAction(topic))
