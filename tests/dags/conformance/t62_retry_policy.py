"""retry_policy: what an exception decides about retries."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, ExceptionRetryPolicy, RetryAction, RetryDecision, RetryPolicy, RetryRule, task

QUICK = timedelta(seconds=0.1)


class Twice(RetryPolicy):
    def evaluate(self, exception, try_number, max_tries, context=None):
        if try_number >= 2:
            return RetryDecision.fail("twice is enough")
        return RetryDecision.retry(delay=timedelta(seconds=0.2), reason=f"{type(exception).__name__} {max_tries}")

    def serialize(self):
        return {}


POLICY = ExceptionRetryPolicy(
    [
        RetryRule(exception=KeyError, action=RetryAction.FAIL, reason="never there"),
        RetryRule(exception=["builtins.ValueError", OSError], retry_delay=timedelta(seconds=0.2)),
        RetryRule(exception=ArithmeticError, action=RetryAction.FAIL, match_subclasses=False),
    ]
)

with DAG("t62_retry_policy", schedule=None, start_date=datetime(2024, 1, 1)):
    common = {"retries": 3, "retry_delay": QUICK}

    @task(retry_policy=POLICY, **common)
    def never_again():
        raise KeyError("x")

    @task(retry_policy=POLICY, **common)
    def again(ti=None):
        if ti.try_number < 3:
            raise ValueError("x")
        return ti.try_number

    @task(retry_policy=POLICY, **common)
    def subclass_of_a_rule():
        raise ZeroDivisionError("x")

    @task(retry_policy=POLICY, **common)
    def exactly_the_rule():
        raise ArithmeticError("x")

    @task(retry_policy=Twice(), **common)
    def own_policy():
        raise RuntimeError("x")

    @task(retry_policy=POLICY, retries=0)
    def no_retries():
        raise ValueError("x")

    @task(retry_policy=ExceptionRetryPolicy([], default=RetryAction.FAIL), **common)
    def by_default():
        raise RuntimeError("x")

    never_again(), again(), subclass_of_a_rule(), exactly_the_rule(), own_policy(), no_retries(), by_default()
