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
ECS_STATES = names_of("aws.enumerations", "EcsTaskStates")
ECS_SENSOR = names_of("sensors.states", "EcsTaskStateSensor")
LAMBDA_SENSOR = names_of("sensors.states", "LambdaFunctionStateSensor")
STEP_FUNCTION_SENSOR = names_of("sensors.states", "StepFunctionExecutionSensor")
BATCH_SENSOR = names_of("sensors.batch", "BatchSensor", "BatchComputeEnvironmentSensor", "BatchJobQueueSensor")
REDSHIFT_DATA = names_of("operators.redshift", "RedshiftDataOperator")
REDSHIFT_SENSOR = names_of("sensors.redshift", "RedshiftClusterSensor")

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
}
