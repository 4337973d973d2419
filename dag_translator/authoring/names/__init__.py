"""The table of `airflow.*`: which module has which name, and where it lives here.

families.py    names that live in one place here and belong together: name → "module:attribute"
modules.py     module path → its families, for Airflow 1, 2 and 3 spellings
core.py        the same for what only provider code imports
refused.py     names that exist in Airflow and not here, with what to use instead
"""
