"""Names of the operators and sensors that are made of rows (`authoring.aws`), and Airflow's modules of them."""

from __future__ import annotations

from dag_translator.authoring.names.families import names_of

EMR = names_of(
    "operators.emr",
    "EmrCreateJobFlowOperator", "EmrAddStepsOperator", "EmrTerminateJobFlowOperator", "EmrModifyClusterOperator",
    "EmrStartNotebookExecutionOperator", "EmrStopNotebookExecutionOperator",
) | names_of("operators.emr_containers", "EmrContainerOperator", "EmrEksCreateClusterOperator") | names_of(
    "operators.emr_serverless",
    "EmrServerlessCreateApplicationOperator", "EmrServerlessStartJobOperator", "EmrServerlessStopApplicationOperator",
    "EmrServerlessDeleteApplicationOperator",
)  # fmt: skip
EMR_WAIT = names_of("operators.emr", "WaitPolicy")
EMR_SENSOR = names_of(
    "sensors.emr",
    "EmrBaseSensor", "EmrJobFlowSensor", "EmrStepSensor", "EmrNotebookExecutionSensor", "EmrServerlessJobSensor",
    "EmrServerlessApplicationSensor", "EmrContainerSensor",
)  # fmt: skip
GLUE_CRAWLER = names_of(
    "operators.glue_services",
    "GlueCrawlerOperator", "GlueCrawlerCreateOperator", "GlueCrawlerUpdateOperator", "GlueCrawlerRunOperator",
    "GlueCrawlerDeleteOperator", AwsGlueCrawlerOperator="GlueCrawlerOperator",
)  # fmt: skip
DATABREW = names_of("operators.glue_services", "GlueDataBrewStartJobOperator")
GLUE_QUALITY = names_of(
    "operators.glue_quality",
    "GlueDataQualityOperator", "GlueDataQualityRuleSetEvaluationRunOperator",
    "GlueDataQualityRuleRecommendationRunOperator",
)  # fmt: skip
GLUE_CATALOG = names_of(
    "operators.glue_catalog",
    "GlueCatalogCreateDatabaseOperator", "GlueCatalogDeleteDatabaseOperator", "GlueCatalogCreateTableOperator",
    "GlueCatalogDeleteTableOperator", "GlueCatalogCreatePartitionOperator", "GlueCatalogBatchDeletePartitionOperator",
)  # fmt: skip
GLUE_SENSOR = names_of(
    "sensors.glue",
    "GlueJobSensor", "GlueDataQualityRuleSetEvaluationRunSensor", "GlueDataQualityRuleRecommendationRunSensor",
    AwsGlueJobSensor="GlueJobSensor",
)  # fmt: skip
GLUE_CRAWLER_SENSOR = names_of("sensors.glue", "GlueCrawlerSensor", AwsGlueCrawlerSensor="GlueCrawlerSensor")
GLUE_PARTITION_SENSOR = names_of(
    "sensors.glue", "GlueCatalogPartitionSensor", AwsGlueCatalogPartitionSensor="GlueCatalogPartitionSensor"
)
REDSHIFT_CLUSTER = names_of(
    "operators.redshift_cluster",
    "RedshiftCreateClusterOperator", "RedshiftDeleteClusterOperator", "RedshiftPauseClusterOperator",
    "RedshiftResumeClusterOperator", "RedshiftCreateClusterSnapshotOperator", "RedshiftDeleteClusterSnapshotOperator",
)  # fmt: skip
SAGEMAKER = names_of(
    "operators.sagemaker",
    "SageMakerBaseOperator", "SageMakerTrainingOperator", "SageMakerProcessingOperator", "SageMakerTransformOperator",
    "SageMakerTuningOperator",
) | names_of(
    "operators.sagemaker_resources",
    "SageMakerModelOperator", "SageMakerDeleteModelOperator", "SageMakerEndpointConfigOperator",
    "SageMakerEndpointOperator", "SageMakerStartPipelineOperator", "SageMakerStopPipelineOperator",
) | names_of(
    "operators.sagemaker_registry",
    "SageMakerRegisterModelVersionOperator", "SageMakerCreateExperimentOperator", "SageMakerAutoMLOperator",
) | names_of(
    "operators.sagemaker_notebooks",
    "SageMakerCreateNotebookOperator", "SageMakerStartNoteBookOperator", "SageMakerStopNotebookOperator",
    "SageMakerDeleteNotebookOperator",
)  # fmt: skip
SAGEMAKER_APPROVAL = names_of("operators.sagemaker_registry", "ApprovalStatus")
SAGEMAKER_SENSOR = names_of(
    "sensors.sagemaker",
    "SageMakerBaseSensor", "SageMakerEndpointSensor", "SageMakerTransformSensor", "SageMakerTuningSensor",
    "SageMakerTrainingSensor", "SageMakerProcessingSensor", "SageMakerAutoMLSensor", "SageMakerPipelineSensor",
)  # fmt: skip
EKS = names_of(
    "operators.eks",
    "EksCreateClusterOperator", "EksDeleteClusterOperator", "EksCreateNodegroupOperator", "EksDeleteNodegroupOperator",
    "EksCreateFargateProfileOperator", "EksDeleteFargateProfileOperator",
)  # fmt: skip
EKS_STATES = names_of("aws.enumerations", "ClusterStates", "NodegroupStates", "FargateProfileStates")
EKS_SENSOR = names_of(
    "sensors.states", "EksClusterStateSensor", "EksNodegroupStateSensor", "EksFargateProfileStateSensor"
)
ECS_STATES = names_of("aws.enumerations", "EcsTaskStates", "EcsClusterStates", "EcsTaskDefinitionStates")
ECS_RESOURCES = names_of(
    "operators.ecs_resources",
    "EcsBaseOperator", "EcsCreateClusterOperator", "EcsDeleteClusterOperator", "EcsRegisterTaskDefinitionOperator",
    "EcsDeregisterTaskDefinitionOperator",
)  # fmt: skip
ECS_SENSOR = names_of(
    "sensors.states", "EcsBaseSensor", "EcsClusterStateSensor", "EcsTaskDefinitionStateSensor", "EcsTaskStateSensor"
)
LAMBDA_SENSOR = names_of("sensors.states", "LambdaFunctionStateSensor")
STEP_FUNCTION_SENSOR = names_of("sensors.states", "StepFunctionExecutionSensor")
BATCH_SENSOR = names_of("sensors.batch", "BatchSensor", "BatchComputeEnvironmentSensor", "BatchJobQueueSensor")
REDSHIFT_DATA = names_of("operators.redshift", "RedshiftDataOperator")
REDSHIFT_SENSOR = names_of("sensors.redshift", "RedshiftClusterSensor")
RDS = names_of(
    "operators.rds",
    "RdsBaseOperator", "RdsCreateDbSnapshotOperator", "RdsCopyDbSnapshotOperator", "RdsDeleteDbSnapshotOperator",
    "RdsStartExportTaskOperator", "RdsCancelExportTaskOperator", "RdsCreateEventSubscriptionOperator",
    "RdsDeleteEventSubscriptionOperator",
) | names_of(
    "operators.rds_databases",
    "RdsCreateDbInstanceOperator", "RdsDeleteDbInstanceOperator", "RdsStartDbOperator", "RdsStopDbOperator",
)  # fmt: skip
RDS_TYPE = names_of("aws.enumerations", "RdsDbType")
RDS_SENSOR = names_of(
    "sensors.rds", "RdsBaseSensor", "RdsSnapshotExistenceSensor", "RdsExportTaskExistenceSensor", "RdsDbSensor"
)
EC2 = names_of(
    "operators.ec2",
    "EC2StartInstanceOperator", "EC2StopInstanceOperator", "EC2CreateInstanceOperator", "EC2TerminateInstanceOperator",
    "EC2RebootInstanceOperator", "EC2HibernateInstanceOperator",
)  # fmt: skip
EC2_SENSOR = names_of("sensors.ec2", "EC2InstanceStateSensor")
CLOUD_FORMATION = names_of(
    "operators.cloud_formation", "CloudFormationCreateStackOperator", "CloudFormationDeleteStackOperator"
)
CLOUD_FORMATION_SENSOR = names_of(
    "sensors.cloud_formation", "CloudFormationCreateStackSensor", "CloudFormationDeleteStackSensor"
)
BEDROCK = names_of(
    "operators.bedrock",
    "BedrockInvokeModelOperator", "BedrockCustomizeModelOperator", "BedrockCreateProvisionedModelThroughputOperator",
    "BedrockBatchInferenceOperator", "BedrockCreateEvaluationJobOperator",
) | names_of(
    "operators.bedrock_guardrails",
    "BedrockCreateGuardrailOperator", "BedrockUpdateGuardrailOperator", "BedrockCreateGuardrailVersionOperator",
    "BedrockDeleteGuardrailOperator",
) | names_of(
    "operators.bedrock_knowledge",
    "BedrockCreateKnowledgeBaseOperator", "BedrockCreateDataSourceOperator", "BedrockIngestDataOperator",
    "BedrockRaGOperator", "BedrockRetrieveOperator",
) | names_of(
    "operators.bedrock_agents",
    "BedrockCreateAgentRuntimeOperator", "BedrockDeleteAgentRuntimeOperator", "BedrockInvokeAgentRuntimeOperator",
)  # fmt: skip
BEDROCK_SENSOR = names_of(
    "sensors.bedrock",
    "BedrockBaseSensor", "BedrockCustomizeModelCompletedSensor", "BedrockProvisionModelThroughputCompletedSensor",
    "BedrockKnowledgeBaseActiveSensor", "BedrockIngestionJobSensor", "BedrockBatchInferenceSensor",
)  # fmt: skip
SSM = names_of("operators.ssm", "SsmRunCommandOperator", "SsmGetCommandInvocationOperator")
SSM_SENSOR = names_of("sensors.ssm", "SsmRunCommandCompletedSensor")
LAMBDA_CREATE = names_of("operators.lambda_create", "LambdaCreateFunctionOperator")
EVENTBRIDGE_RULES = names_of(
    "operators.eventbridge_rules",
    "EventBridgePutRuleOperator", "EventBridgeEnableRuleOperator", "EventBridgeDisableRuleOperator",
)  # fmt: skip
BATCH_RESOURCES = names_of("operators.batch_resources", "BatchCreateComputeEnvironmentOperator")
ECR = names_of(
    "operators.ecr", "EcrCreateRepositoryOperator", "EcrSetRepositoryPolicyOperator", "EcrDeleteRepositoryOperator"
)
GLACIER = names_of("operators.glacier", "GlacierCreateJobOperator", "GlacierUploadArchiveOperator")
GLACIER_SENSOR = names_of("sensors.glacier", "JobStatus", "GlacierJobOperationSensor")
QUICKSIGHT = names_of("operators.quicksight", "QuickSightCreateIngestionOperator")
QUICKSIGHT_SENSOR = names_of("sensors.quicksight", "QuickSightSensor")
SES = names_of("operators.ses", "SesEmailOperator")
OPENSEARCH = names_of("operators.opensearch_serverless", "OpenSearchServerlessCreateCollectionOperator")
OPENSEARCH_SENSOR = names_of("sensors.opensearch_serverless", "OpenSearchServerlessCollectionActiveSensor")
COMPREHEND = names_of(
    "operators.comprehend",
    "ComprehendBaseOperator", "ComprehendStartPiiEntitiesDetectionJobOperator",
    "ComprehendCreateDocumentClassifierOperator",
)  # fmt: skip
COMPREHEND_SENSOR = names_of(
    "sensors.comprehend",
    "ComprehendBaseSensor", "ComprehendStartPiiEntitiesDetectionJobCompletedSensor",
    "ComprehendCreateDocumentClassifierCompletedSensor",
)  # fmt: skip
KINESIS_ANALYTICS = names_of(
    "operators.kinesis_analytics",
    "KinesisAnalyticsV2CreateApplicationOperator", "KinesisAnalyticsV2StartApplicationOperator",
    "KinesisAnalyticsV2StopApplicationOperator",
)  # fmt: skip
KINESIS_ANALYTICS_SENSOR = names_of(
    "sensors.kinesis_analytics",
    "KinesisAnalyticsV2BaseSensor", "KinesisAnalyticsV2StartApplicationCompletedSensor",
    "KinesisAnalyticsV2StopApplicationCompletedSensor",
)  # fmt: skip
MWAA = names_of("operators.mwaa", "MwaaTriggerDagRunOperator")
MWAA_SENSOR = names_of("sensors.mwaa", "MwaaDagRunSensor", "MwaaTaskSensor")
S3_BUCKETS = names_of(
    "operators.s3_buckets",
    "S3GetBucketTaggingOperator", "S3PutBucketTaggingOperator", "S3DeleteBucketTaggingOperator",
    "S3ListPrefixesOperator",
)  # fmt: skip
DMS = names_of(
    "operators.dms",
    "DmsCreateTaskOperator", "DmsModifyTaskOperator", "DmsDeleteTaskOperator", "DmsDescribeTasksOperator",
    "DmsStartTaskOperator", "DmsReloadTablesOperator", "DmsStopTaskOperator",
) | names_of(
    "operators.dms_serverless",
    "DmsDescribeReplicationConfigsOperator", "DmsCreateReplicationConfigOperator",
    "DmsDeleteReplicationConfigOperator", "DmsDescribeReplicationsOperator", "DmsStartReplicationOperator",
    "DmsStopReplicationOperator",
)  # fmt: skip
DMS_SENSOR = names_of("sensors.dms", "DmsTaskBaseSensor", "DmsTaskCompletedSensor")
NEPTUNE = names_of("operators.neptune", "NeptuneStartDbClusterOperator", "NeptuneStopDbClusterOperator")
APPFLOW = names_of(
    "operators.appflow",
    "AppflowBaseOperator", "AppflowRunOperator", "AppflowRunFullOperator", "AppflowRunBeforeOperator",
    "AppflowRunAfterOperator", "AppflowRunDailyOperator",
)  # fmt: skip
DATASYNC = names_of("operators.datasync", "DataSyncOperator", AWSDataSyncOperator="DataSyncOperator")

# Airflow's module → the names in it.
AMAZON: dict[str, dict[str, str]] = {
    "airflow.providers.amazon.aws.operators.emr": EMR,
    "airflow.providers.amazon.aws.operators.emr_create_job_flow": EMR,
    "airflow.providers.amazon.aws.operators.emr_add_steps": EMR,
    "airflow.providers.amazon.aws.operators.emr_terminate_job_flow": EMR,
    "airflow.providers.amazon.aws.operators.emr_modify_cluster": EMR,
    "airflow.providers.amazon.aws.operators.emr_containers": EMR,
    "airflow.providers.amazon.aws.utils.waiter": EMR_WAIT,
    "airflow.providers.amazon.aws.sensors.emr": EMR_SENSOR,
    "airflow.providers.amazon.aws.sensors.emr_base": EMR_SENSOR,
    "airflow.providers.amazon.aws.sensors.emr_job_flow": EMR_SENSOR,
    "airflow.providers.amazon.aws.sensors.emr_step": EMR_SENSOR,
    "airflow.providers.amazon.aws.sensors.emr_containers": EMR_SENSOR,
    "airflow.providers.amazon.aws.operators.glue_crawler": GLUE_CRAWLER,
    "airflow.providers.amazon.aws.operators.glue_databrew": DATABREW,
    "airflow.providers.amazon.aws.operators.glue_catalog": GLUE_CATALOG,
    "airflow.providers.amazon.aws.sensors.glue": GLUE_SENSOR,
    "airflow.providers.amazon.aws.sensors.glue_crawler": GLUE_CRAWLER_SENSOR,
    "airflow.providers.amazon.aws.sensors.glue_catalog_partition": GLUE_PARTITION_SENSOR,
    "airflow.providers.amazon.aws.operators.redshift_cluster": REDSHIFT_CLUSTER,
    "airflow.providers.amazon.aws.operators.sagemaker": SAGEMAKER,
    "airflow.providers.amazon.aws.utils.sagemaker": SAGEMAKER_APPROVAL,
    "airflow.providers.amazon.aws.sensors.sagemaker": SAGEMAKER_SENSOR,
    "airflow.providers.amazon.aws.operators.eks": EKS,
    "airflow.providers.amazon.aws.hooks.eks": EKS_STATES,
    "airflow.providers.amazon.aws.sensors.eks": EKS_SENSOR,
    "airflow.providers.amazon.aws.sensors.ecs": ECS_SENSOR,
    "airflow.providers.amazon.aws.hooks.ecs": ECS_STATES,
    "airflow.providers.amazon.aws.sensors.lambda_function": LAMBDA_SENSOR,
    "airflow.providers.amazon.aws.sensors.step_function": STEP_FUNCTION_SENSOR,
    "airflow.providers.amazon.aws.sensors.step_function_execution": STEP_FUNCTION_SENSOR,
    "airflow.providers.amazon.aws.sensors.batch": BATCH_SENSOR,
    "airflow.providers.amazon.aws.operators.sagemaker_base": SAGEMAKER,
    "airflow.providers.amazon.aws.operators.sagemaker_endpoint": SAGEMAKER,
    "airflow.providers.amazon.aws.operators.sagemaker_endpoint_config": SAGEMAKER,
    "airflow.providers.amazon.aws.operators.sagemaker_model": SAGEMAKER,
    "airflow.providers.amazon.aws.operators.sagemaker_processing": SAGEMAKER,
    "airflow.providers.amazon.aws.operators.sagemaker_training": SAGEMAKER,
    "airflow.providers.amazon.aws.operators.sagemaker_transform": SAGEMAKER,
    "airflow.providers.amazon.aws.operators.sagemaker_tuning": SAGEMAKER,
    "airflow.providers.amazon.aws.sensors.sagemaker_base": SAGEMAKER_SENSOR,
    "airflow.providers.amazon.aws.sensors.sagemaker_endpoint": SAGEMAKER_SENSOR,
    "airflow.providers.amazon.aws.sensors.sagemaker_training": SAGEMAKER_SENSOR,
    "airflow.providers.amazon.aws.sensors.sagemaker_transform": SAGEMAKER_SENSOR,
    "airflow.providers.amazon.aws.sensors.sagemaker_tuning": SAGEMAKER_SENSOR,
    "airflow.contrib.operators.emr_create_job_flow_operator": EMR,
    "airflow.contrib.operators.emr_add_steps_operator": EMR,
    "airflow.contrib.operators.emr_terminate_job_flow_operator": EMR,
    "airflow.contrib.sensors.emr_job_flow_sensor": EMR_SENSOR,
    "airflow.contrib.sensors.emr_step_sensor": EMR_SENSOR,
    "airflow.contrib.sensors.aws_glue_catalog_partition_sensor": GLUE_PARTITION_SENSOR,
    "airflow.contrib.sensors.aws_redshift_cluster_sensor": REDSHIFT_SENSOR,
    "airflow.contrib.operators.sagemaker_endpoint_operator": SAGEMAKER,
    "airflow.contrib.operators.sagemaker_endpoint_config_operator": SAGEMAKER,
    "airflow.contrib.operators.sagemaker_model_operator": SAGEMAKER,
    "airflow.contrib.operators.sagemaker_training_operator": SAGEMAKER,
    "airflow.contrib.operators.sagemaker_transform_operator": SAGEMAKER,
    "airflow.contrib.operators.sagemaker_tuning_operator": SAGEMAKER,
    "airflow.contrib.sensors.sagemaker_endpoint_sensor": SAGEMAKER_SENSOR,
    "airflow.contrib.sensors.sagemaker_training_sensor": SAGEMAKER_SENSOR,
    "airflow.contrib.sensors.sagemaker_transform_sensor": SAGEMAKER_SENSOR,
    "airflow.contrib.sensors.sagemaker_tuning_sensor": SAGEMAKER_SENSOR,
    "airflow.providers.amazon.aws.operators.redshift_data": REDSHIFT_DATA,
    "airflow.providers.amazon.aws.sensors.redshift_cluster": REDSHIFT_SENSOR,
    "airflow.providers.amazon.aws.operators.rds": RDS,
    "airflow.providers.amazon.aws.utils.rds": RDS_TYPE,
    "airflow.providers.amazon.aws.sensors.rds": RDS_SENSOR,
    "airflow.providers.amazon.aws.operators.ec2": EC2,
    "airflow.providers.amazon.aws.operators.ec2_start_instance": EC2,
    "airflow.providers.amazon.aws.operators.ec2_stop_instance": EC2,
    "airflow.providers.amazon.aws.sensors.ec2": EC2_SENSOR,
    "airflow.providers.amazon.aws.sensors.ec2_instance_state": EC2_SENSOR,
    "airflow.providers.amazon.aws.operators.cloud_formation": CLOUD_FORMATION,
    "airflow.providers.amazon.aws.sensors.cloud_formation": CLOUD_FORMATION_SENSOR,
    "airflow.providers.amazon.aws.operators.bedrock": BEDROCK,
    "airflow.providers.amazon.aws.sensors.bedrock": BEDROCK_SENSOR,
    "airflow.providers.amazon.aws.operators.ssm": SSM,
    "airflow.providers.amazon.aws.sensors.ssm": SSM_SENSOR,
    "airflow.providers.amazon.aws.operators.ecr": ECR,
    "airflow.providers.amazon.aws.operators.glacier": GLACIER,
    "airflow.providers.amazon.aws.sensors.glacier": GLACIER_SENSOR,
    "airflow.providers.amazon.aws.operators.quicksight": QUICKSIGHT,
    "airflow.providers.amazon.aws.sensors.quicksight": QUICKSIGHT_SENSOR,
    "airflow.providers.amazon.aws.operators.ses": SES,
    "airflow.providers.amazon.aws.operators.opensearch_serverless": OPENSEARCH,
    "airflow.providers.amazon.aws.sensors.opensearch_serverless": OPENSEARCH_SENSOR,
    "airflow.providers.amazon.aws.operators.comprehend": COMPREHEND,
    "airflow.providers.amazon.aws.sensors.comprehend": COMPREHEND_SENSOR,
    "airflow.providers.amazon.aws.operators.kinesis_analytics": KINESIS_ANALYTICS,
    "airflow.providers.amazon.aws.sensors.kinesis_analytics": KINESIS_ANALYTICS_SENSOR,
    "airflow.providers.amazon.aws.operators.mwaa": MWAA,
    "airflow.providers.amazon.aws.sensors.mwaa": MWAA_SENSOR,
    "airflow.providers.amazon.aws.operators.dms": DMS,
    "airflow.providers.amazon.aws.operators.dms_create_task": DMS,
    "airflow.providers.amazon.aws.operators.dms_delete_task": DMS,
    "airflow.providers.amazon.aws.operators.dms_describe_tasks": DMS,
    "airflow.providers.amazon.aws.operators.dms_start_task": DMS,
    "airflow.providers.amazon.aws.operators.dms_stop_task": DMS,
    "airflow.providers.amazon.aws.sensors.dms": DMS_SENSOR,
    "airflow.providers.amazon.aws.sensors.dms_task": DMS_SENSOR,
    "airflow.providers.amazon.aws.operators.neptune": NEPTUNE,
    "airflow.providers.amazon.aws.operators.appflow": APPFLOW,
    "airflow.providers.amazon.aws.operators.datasync": DATASYNC,
    "airflow.providers.amazon.aws.operators.s3_bucket_tagging": S3_BUCKETS,
    "airflow.providers.amazon.aws.operators.s3_list_prefixes": S3_BUCKETS,
}
