"""Time of a call"""
# %%
def mean(x):
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 30))
    while True:
        pass
