"""Validates SARIF logs against the published schema: validate_sarif.py SCHEMA LOG..."""
import copy
import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as stream:
    schema = json.load(stream)
kind = jsonschema.validators.validator_for(schema)
kind.check_schema(schema)
validator = kind(schema)
failed = 0
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as stream:
        log = json.load(stream)
    for error in validator.iter_errors(log):
        print(f"{path}: {error.json_path}: {error.message}", file=sys.stderr)
        failed = 1
    # The test must be able to fail: one key more, or one less, is no log.
    more = copy.deepcopy(log)
    more["runs"][0]["more"] = 1
    less = copy.deepcopy(log)
    del less["runs"][0]["tool"]["driver"]["name"]
    if validator.is_valid(more) or validator.is_valid(less):
        print(f"{path}: the schema lets a broken log pass", file=sys.stderr)
        failed = 1
    for run in log["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        for result in run["results"]:
            if rules[result["ruleIndex"]] != result["ruleId"]:
                print(f"{path}: {result['ruleId']} has the index of another rule", file=sys.stderr)
                failed = 1
sys.exit(failed)
