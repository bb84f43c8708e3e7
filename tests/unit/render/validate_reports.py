"""Validates JSON reports against the schema: validate_reports.py SCHEMA REPORT..."""
import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as stream:
    schema = json.load(stream)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
failed = 0
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as stream:
        report = json.load(stream)
    for error in validator.iter_errors(report):
        print(f"{path}: {error.json_path}: {error.message}", file=sys.stderr)
        failed = 1
    # The test must be able to fail: one key more, or one less, is no report.
    for broken in ({**report, "more": 1}, {k: v for k, v in report.items() if k != "status"}):
        if validator.is_valid(broken):
            print(f"{path}: the schema lets a broken report pass", file=sys.stderr)
            failed = 1
sys.exit(failed)
