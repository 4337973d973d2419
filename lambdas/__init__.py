"""What runs inside AWS Lambda: the task function (one per DAG), the signal function and the small platform functions.

This file imports nothing: a cold start pays for every module that it loads.
"""
