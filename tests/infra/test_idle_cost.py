"""What is deployed costs nothing while no run goes on, but for the bytes that are kept."""

from __future__ import annotations

from tests.infra.project import Cloud

# Every type of resource that stacks are made of: what is billed for it while nothing runs, by the
# services' price pages.
AT_REST = {
    "AWS::CDK::Metadata": "",
    "AWS::DynamoDB::Table": "bytes: on demand, so no capacity; backups for point-in-time recovery",
    "AWS::Events::Rule": "",
    "AWS::IAM::Policy": "",
    "AWS::IAM::Role": "",
    "AWS::Lambda::EventInvokeConfig": "",
    "AWS::Lambda::Function": "",
    "AWS::Lambda::LayerVersion": "",
    "AWS::Lambda::Permission": "",
    "AWS::Lambda::Version": "",
    "AWS::Logs::LogGroup": "bytes, for `logRetentionDays`",
    "AWS::S3::Bucket": "bytes",
    "AWS::S3::BucketPolicy": "",
    "AWS::SQS::Queue": "",
    "AWS::SQS::QueuePolicy": "",
    "AWS::SSM::Parameter": "",
    "AWS::Scheduler::Schedule": "",
    "AWS::Scheduler::ScheduleGroup": "",
    "AWS::StepFunctions::StateMachine": "",
    "AWS::StepFunctions::StateMachineVersion": "",
}
ONLY_WITH_A_TOPIC = {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"}


def test_nothing_is_billed_at_rest_but_bytes(cloud: Cloud) -> None:
    types = {each["Type"] for template in cloud.templates.values() for each in template["Resources"].values()}
    assert types - AT_REST.keys() == ONLY_WITH_A_TOPIC
    for stack in cloud.templates:
        for parameter in cloud.resources(stack, "AWS::SSM::Parameter"):
            assert parameter.get("Tier", "Standard") == "Standard"  # an advanced one is $0.05 a month
        for function in cloud.resources(stack, "AWS::Lambda::Function"):
            assert "SnapStart" not in function  # its snapshots of Python functions are billed by the hour
        for table in cloud.resources(stack, "AWS::DynamoDB::Table"):
            assert table["BillingMode"] == "PAY_PER_REQUEST"
            assert table["SSESpecification"] == {"SSEEnabled": True}  # AWS's own key, which costs nothing a month


def test_alarms_are_made_only_where_somebody_is_to_be_woken() -> None:
    from aws_cdk import App, Stack
    from aws_cdk import aws_sqs as sqs
    from aws_cdk.assertions import Template

    from infra.monitoring import add_dag_alarms, add_platform_alarms
    from infra.settings import Settings

    for topic, alarms in ((None, 0), ("arn:aws:sns:eu-west-1:123456789012:alarms", 3)):
        stack = Stack(App(analytics_reporting=False), "stack")
        settings = Settings(alarm_topic=topic)
        add_dag_alarms(stack, settings, "sales", "arn:aws:states:eu-west-1:123456789012:stateMachine:sales")
        add_platform_alarms(stack, settings, [], sqs.Queue(stack, "Lost"))
        template = Template.from_stack(stack)
        template.resource_count_is("AWS::CloudWatch::Alarm", alarms)
        template.resource_count_is("AWS::CloudWatch::Dashboard", 1 if alarms else 0)
