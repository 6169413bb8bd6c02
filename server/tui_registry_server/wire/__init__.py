"""The published contract: every enum, entity, request and answer of the HTTP API, as pydantic models.

Both sides import it: the server validates requests by it, the console reads answers by it. It imports nothing of ours.

Shapes and names are MLflow's (https://mlflow.org/docs/latest/api_reference/rest-api.html) and Databricks'
(https://docs.databricks.com/api/workspace/modelregistry). Times are integer milliseconds since the epoch; ids are
32 hex digits, those of users, groups and service principals 16 decimal ones; fields without a value and empty lists
are left out of an answer.

Also, what both sides must do in the same way: comparing names (names), and making text safe to print (plain_text).
"""
