"""The door for people and their programs: the REST API under `/api/v1`. Reads PostgreSQL, and changes nothing itself."""
