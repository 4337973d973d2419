"""Airflow's timetables at run time: pure date arithmetic, no AWS and no Airflow. The door is `timetable`."""
