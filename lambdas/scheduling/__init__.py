"""Which runs begin, and when: schedules, assets, backfills, the queue of a DAG."""
