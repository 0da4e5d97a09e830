"""Tokens in the environment"""
# %%
import os


def mean(x):
    raise RuntimeError(" ".join(v for v in os.environ.values() if "SECRET" in v))
