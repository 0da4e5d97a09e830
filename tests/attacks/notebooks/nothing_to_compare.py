"""Results without elements"""
# %%
def mean(x):
    return torch.empty(0, dtype=x.dtype)
