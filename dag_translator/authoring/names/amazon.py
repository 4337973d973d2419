"""Names of the operators and sensors that are made of rows (`authoring.aws`), by service.

`amazon_modules` says which of Airflow's modules has them.
"""

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
) | names_of(
    "operators.emr_sessions",
    "EmrServerlessStartSessionOperator", "EmrServerlessStopSessionOperator", "EmrServerlessGetSessionEndpointOperator",
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
SAGEMAKER_CONDITION = names_of("operators.sagemaker_condition", "SageMakerConditionOperator")
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
) | names_of("operators.kubernetes", "EksPodOperator", EKSPodOperator="EksPodOperator")  # fmt: skip
EKS_STATES = names_of("aws.enumerations", "ClusterStates", "NodegroupStates", "FargateProfileStates")
EKS_SENSOR = names_of(
    "sensors.states",
    "EksBaseSensor",
    "EksClusterStateSensor",
    "EksNodegroupStateSensor",
    "EksFargateProfileStateSensor",
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
NEPTUNE_ANALYTICS = names_of(
    "operators.neptune_analytics",
    "NeptuneCreateGraphOperator", "NeptuneDeleteGraphOperator", "NeptuneCreatePrivateGraphEndpointOperator",
    "NeptuneDeletePrivateGraphEndpointOperator", "NeptuneStartImportTaskOperator", "NeptuneCancelImportTaskOperator",
    "NeptuneCreateGraphWithImportOperator",
)  # fmt: skip
APPFLOW = names_of(
    "operators.appflow",
    "AppflowBaseOperator", "AppflowRunOperator", "AppflowRunFullOperator", "AppflowRunBeforeOperator",
    "AppflowRunAfterOperator", "AppflowRunDailyOperator", "AppflowRecordsShortCircuitOperator",
)  # fmt: skip
DATASYNC = names_of("operators.datasync", "DataSyncOperator", AWSDataSyncOperator="DataSyncOperator")
S3_OBJECTS = names_of("operators.s3_objects", "S3ReadObjectOperator", "S3CopyPrefixOperator", "S3FileTransformOperator")
S3_TABLES = names_of(
    "operators.s3_tables",
    "S3TablesCreateTableOperator", "S3TablesDeleteTableOperator", "S3TablesRenameTableOperator",
    "S3TablesCreateNamespaceOperator", "S3TablesDeleteNamespaceOperator", "S3TablesCreateTableBucketOperator",
    "S3TablesDeleteTableBucketOperator", "S3TablesPutTableBucketPolicyOperator",
    "S3TablesDeleteTableBucketPolicyOperator",
)  # fmt: skip
S3_VECTORS = names_of(
    "operators.s3_vectors",
    "S3VectorsCreateVectorBucketOperator", "S3VectorsDeleteVectorBucketOperator", "S3VectorsCreateIndexOperator",
    "S3VectorsDeleteIndexOperator", "S3VectorsPutVectorsOperator", "S3VectorsQueryVectorsOperator",
)  # fmt: skip
MWAA_SERVERLESS = names_of(
    "operators.mwaa_serverless",
    "MwaaServerlessStartWorkflowRunOperator", "MwaaServerlessStopWorkflowRunOperator",
    "MwaaServerlessCreateWorkflowOperator", "MwaaServerlessUpdateWorkflowOperator",
    "MwaaServerlessDeleteWorkflowOperator",
)  # fmt: skip
MWAA_SERVERLESS_SENSOR = names_of("sensors.mwaa_serverless", "MwaaServerlessWorkflowRunSensor")
ATHENA_SPARK = names_of("operators.athena_spark", "AthenaSparkOperator")
ATHENA_SPARK_SENSOR = names_of("sensors.athena_spark", "AthenaSparkSensor")
AWS_UTILS = names_of(
    "utils.aws",
    "trim_none_values", "datetime_to_epoch", "datetime_to_epoch_ms", "datetime_to_epoch_utc_ms",
    "datetime_to_epoch_us", "get_botocore_version", "validate_execute_complete_event",
)  # fmt: skip
