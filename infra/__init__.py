"""Everything that puts a translated DAG somewhere: CDK (`app`), the local AWS (`local`) and the command (`cli`)."""
