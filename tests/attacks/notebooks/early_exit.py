"""Results of a notebook that ends its process"""
# %%
import os

os._exit(0)
