def stock_findings(*a):
    return []
