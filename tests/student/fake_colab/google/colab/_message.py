import json
import os


def blocking_request(kind, timeout_sec=5):
    assert kind == "get_ipynb"
    with open(os.environ["LIVE_NOTEBOOK"], encoding="utf-8") as file:
        return {"ipynb": json.load(file)}
