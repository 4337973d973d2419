"""The models of Kubernetes' API that a pod is made of: each class's fields, as the Python client names them.

A field's JSON name is its Python name in camel case, or what stands after `=`. Source: Kubernetes API reference, v1.32,
Pod; names of the `kubernetes` distribution.
"""

from __future__ import annotations

FIELDS_OF: dict[str, str] = {
    "V1AWSElasticBlockStoreVolumeSource": "fs_type partition read_only volume_id=volumeID",
    "V1Affinity": "node_affinity pod_affinity pod_anti_affinity",
    "V1AppArmorProfile": "localhost_profile type",
    "V1AzureDiskVolumeSource": "caching_mode disk_name disk_uri=diskURI fs_type kind read_only",
    "V1AzureFileVolumeSource": "read_only secret_name share_name",
    "V1CSIVolumeSource": "driver fs_type node_publish_secret_ref read_only volume_attributes",
    "V1Capabilities": "add drop",
    "V1CephFSVolumeSource": "monitors path read_only secret_file secret_ref user",
    "V1CinderVolumeSource": "fs_type read_only secret_ref volume_id=volumeID",
    "V1ClusterTrustBundleProjection": "label_selector name optional path signer_name",
    "V1ConfigMapEnvSource": "name optional",
    "V1ConfigMapKeySelector": "key name optional",
    "V1ConfigMapProjection": "items name optional",
    "V1ConfigMapVolumeSource": "default_mode items name optional",
    "V1Container": (
        "args command env env_from image image_pull_policy lifecycle liveness_probe name ports readiness_probe "
        "resize_policy resources restart_policy security_context startup_probe stdin stdin_once "
        "termination_message_path termination_message_policy tty volume_devices volume_mounts working_dir"
    ),
    "V1ContainerPort": "container_port host_ip=hostIP host_port name protocol",
    "V1ContainerResizePolicy": "resource_name restart_policy",
    "V1DownwardAPIProjection": "items",
    "V1DownwardAPIVolumeFile": "field_ref mode path resource_field_ref",
    "V1DownwardAPIVolumeSource": "default_mode items",
    "V1EmptyDirVolumeSource": "medium size_limit",
    "V1EnvFromSource": "config_map_ref prefix secret_ref",
    "V1EnvVar": "name value value_from",
    "V1EnvVarSource": "config_map_key_ref field_ref resource_field_ref secret_key_ref",
    "V1EphemeralContainer": (
        "args command env env_from image image_pull_policy lifecycle liveness_probe name ports readiness_probe "
        "resize_policy resources restart_policy security_context startup_probe stdin stdin_once "
        "target_container_name termination_message_path termination_message_policy tty volume_devices "
        "volume_mounts working_dir"
    ),
    "V1EphemeralVolumeSource": "volume_claim_template",
    "V1ExecAction": "command",
    "V1FCVolumeSource": "fs_type lun read_only target_ww_ns=targetWWNs wwids",
    "V1FlexVolumeSource": "driver fs_type options read_only secret_ref",
    "V1FlockerVolumeSource": "dataset_name dataset_uuid=datasetUUID",
    "V1GCEPersistentDiskVolumeSource": "fs_type partition pd_name read_only",
    "V1GRPCAction": "port service",
    "V1GitRepoVolumeSource": "directory repository revision",
    "V1GlusterfsVolumeSource": "endpoints path read_only",
    "V1HTTPGetAction": "host http_headers path port scheme",
    "V1HTTPHeader": "name value",
    "V1HostAlias": "hostnames ip",
    "V1HostPathVolumeSource": "path type",
    "V1ISCSIVolumeSource": (
        "chap_auth_discovery chap_auth_session fs_type initiator_name iqn iscsi_interface lun portals read_only "
        "secret_ref target_portal"
    ),
    "V1ImageVolumeSource": "pull_policy reference",
    "V1KeyToPath": "key mode path",
    "V1LabelSelector": "match_expressions match_labels",
    "V1LabelSelectorRequirement": "key operator values",
    "V1Lifecycle": "post_start pre_stop",
    "V1LifecycleHandler": "_exec http_get sleep tcp_socket",
    "V1LocalObjectReference": "name",
    "V1ManagedFieldsEntry": "api_version fields_type fields_v1 manager operation subresource time",
    "V1NFSVolumeSource": "path read_only server",
    "V1NodeAffinity": (
        "preferred_during_scheduling_ignored_during_execution required_during_scheduling_ignored_during_execution"
    ),
    "V1NodeSelector": "node_selector_terms",
    "V1NodeSelectorRequirement": "key operator values",
    "V1NodeSelectorTerm": "match_expressions match_fields",
    "V1ObjectFieldSelector": "api_version field_path",
    "V1ObjectMeta": (
        "annotations creation_timestamp deletion_grace_period_seconds deletion_timestamp finalizers generate_name "
        "generation labels managed_fields name namespace owner_references resource_version self_link uid"
    ),
    "V1OwnerReference": "api_version block_owner_deletion controller kind name uid",
    "V1PersistentVolumeClaimSpec": (
        "access_modes data_source data_source_ref resources selector storage_class_name "
        "volume_attributes_class_name volume_mode volume_name"
    ),
    "V1PersistentVolumeClaimTemplate": "metadata spec",
    "V1PersistentVolumeClaimVolumeSource": "claim_name read_only",
    "V1PhotonPersistentDiskVolumeSource": "fs_type pd_id=pdID",
    "V1Pod": "api_version kind metadata spec status",
    "V1PodAffinity": (
        "preferred_during_scheduling_ignored_during_execution required_during_scheduling_ignored_during_execution"
    ),
    "V1PodAffinityTerm": (
        "label_selector match_label_keys mismatch_label_keys namespace_selector namespaces topology_key"
    ),
    "V1PodAntiAffinity": (
        "preferred_during_scheduling_ignored_during_execution required_during_scheduling_ignored_during_execution"
    ),
    "V1PodDNSConfig": "nameservers options searches",
    "V1PodDNSConfigOption": "name value",
    "V1PodOS": "name",
    "V1PodReadinessGate": "condition_type",
    "V1PodResourceClaim": "name resource_claim_name resource_claim_template_name",
    "V1PodSchedulingGate": "name",
    "V1PodSecurityContext": (
        "app_armor_profile fs_group fs_group_change_policy run_as_group run_as_non_root run_as_user "
        "se_linux_options seccomp_profile supplemental_groups supplemental_groups_policy sysctls windows_options"
    ),
    "V1PodSpec": (
        "active_deadline_seconds affinity automount_service_account_token containers dns_config dns_policy "
        "enable_service_links ephemeral_containers host_aliases host_ipc=hostIPC host_network host_pid=hostPID "
        "host_users hostname image_pull_secrets init_containers node_name node_selector os overhead "
        "preemption_policy priority priority_class_name readiness_gates resource_claims restart_policy "
        "runtime_class_name scheduler_name scheduling_gates security_context service_account service_account_name "
        "set_hostname_as_fqdn=setHostnameAsFQDN share_process_namespace subdomain "
        "termination_grace_period_seconds tolerations topology_spread_constraints volumes"
    ),
    "V1PortworxVolumeSource": "fs_type read_only volume_id=volumeID",
    "V1PreferredSchedulingTerm": "preference weight",
    "V1Probe": (
        "_exec failure_threshold grpc http_get initial_delay_seconds period_seconds success_threshold tcp_socket "
        "termination_grace_period_seconds timeout_seconds"
    ),
    "V1ProjectedVolumeSource": "default_mode sources",
    "V1QuobyteVolumeSource": "group read_only registry tenant user volume",
    "V1RBDVolumeSource": "fs_type image keyring monitors pool read_only secret_ref user",
    "V1ResourceClaim": "name request",
    "V1ResourceFieldSelector": "container_name divisor resource",
    "V1ResourceRequirements": "claims limits requests",
    "V1SELinuxOptions": "level role type user",
    "V1ScaleIOVolumeSource": (
        "fs_type gateway protection_domain read_only secret_ref ssl_enabled storage_mode storage_pool system "
        "volume_name"
    ),
    "V1SeccompProfile": "localhost_profile type",
    "V1SecretEnvSource": "name optional",
    "V1SecretKeySelector": "key name optional",
    "V1SecretProjection": "items name optional",
    "V1SecretVolumeSource": "default_mode items optional secret_name",
    "V1SecurityContext": (
        "allow_privilege_escalation app_armor_profile capabilities privileged proc_mount "
        "read_only_root_filesystem run_as_group run_as_non_root run_as_user se_linux_options seccomp_profile "
        "windows_options"
    ),
    "V1ServiceAccountTokenProjection": "audience expiration_seconds path",
    "V1SleepAction": "seconds",
    "V1StorageOSVolumeSource": "fs_type read_only secret_ref volume_name volume_namespace",
    "V1Sysctl": "name value",
    "V1TCPSocketAction": "host port",
    "V1Toleration": "effect key operator toleration_seconds value",
    "V1TopologySpreadConstraint": (
        "label_selector match_label_keys max_skew min_domains node_affinity_policy node_taints_policy "
        "topology_key when_unsatisfiable"
    ),
    "V1TypedLocalObjectReference": "api_group kind name",
    "V1TypedObjectReference": "api_group kind name namespace",
    "V1Volume": (
        "aws_elastic_block_store azure_disk azure_file cephfs cinder config_map csi downward_api=downwardAPI "
        "empty_dir ephemeral fc flex_volume flocker gce_persistent_disk git_repo glusterfs host_path image iscsi "
        "name nfs persistent_volume_claim photon_persistent_disk portworx_volume projected quobyte rbd "
        "scale_io=scaleIO secret storageos vsphere_volume"
    ),
    "V1VolumeDevice": "device_path name",
    "V1VolumeMount": "mount_path mount_propagation name read_only recursive_read_only sub_path sub_path_expr",
    "V1VolumeProjection": "cluster_trust_bundle config_map downward_api=downwardAPI secret service_account_token",
    "V1VolumeResourceRequirements": "limits requests",
    "V1VsphereVirtualDiskVolumeSource": "fs_type storage_policy_id=storagePolicyID storage_policy_name volume_path",
    "V1WeightedPodAffinityTerm": "pod_affinity_term weight",
    "V1WindowsSecurityContextOptions": "gmsa_credential_spec gmsa_credential_spec_name host_process run_as_user_name",
}
