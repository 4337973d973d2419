"""What running code and templates see: the context, `ti`, `dag_run`, XComs, rendered templates."""
