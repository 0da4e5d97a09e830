import numpy as np
import torch


def echo(*values, **named):
    return (values, named)


def first(x, y):
    return x


def add_one_(x):
    with torch.no_grad():
        x += 1
    return x


def extend(values, n):
    while len(values) < n:
        values.append(torch.zeros(2))
    return values


def remember(table, key, value):
    table[key] = value


def refuse(kind):
    raise {"value": ValueError, "type": TypeError, "zero": ZeroDivisionError, "index": IndexError}[kind]("refused")


def leave():
    raise SystemExit(3)


class Strange(Exception):
    pass


def strange():
    raise Strange("strange")


def apply(f, x):
    return f(x)


def apply_many(f, n):
    return [f(float(i)) for i in range(n)]


def overwrite_through(f, x):
    f(x)
    return x * 1.0


def halves(x):
    return x[:1], x[1:]


def tracked(w):
    return (w * 2).sum()


def array(n):
    return np.arange(n, dtype=np.float64)


def thing():
    return Strange("a thing")


def leave_switches_on():
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    torch.autograd.set_detect_anomaly(True)


def switches():
    return torch.is_grad_enabled(), torch.get_default_dtype() == torch.float32, torch.is_anomaly_enabled()


def reshape_(x):
    x.resize_(4)
    return x


def mixed(x):
    return x + torch.ones(2)


def read_twice(x):
    y = x * 2
    return y[0].item() + y[1].item()


not_a_function = 3
