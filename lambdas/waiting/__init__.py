"""What tasks and runs wait for: slots, the run before, another DAG; and the sweep, which repairs a lost wake-up."""
