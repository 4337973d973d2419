"""EventBridge Scheduler: expressions with time zones, the API, the clock that fires schedules, delivery to targets.

Invariant: knows nothing of ministack; targets are reached through the public API of the services.
"""
