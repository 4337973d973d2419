"""`airflow.sdk.io`: `ObjectStoragePath` and the file systems behind it, over `universal-pathlib` and fsspec, which are
the user's own (`requirements.txt`).

path.py          the path
filesystems.py   which file system a scheme has, with a connection's credentials
"""
