"""Provider distributions (`apache-airflow-providers-*`) on Airstep's authoring package, without Airflow.

installed.py   finds a distribution's modules on the import path, and the module behind one that Airstep has, too
absent.py      what stands for a name of Airflow's core that provider code imports and Airstep lacks
manager.py     what the installed distributions say of themselves: which hook serves which type of connection
"""
