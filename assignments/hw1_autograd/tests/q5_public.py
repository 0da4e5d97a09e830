from otter.test_files import test_case

from checks import Invalid, close, equal, function, probe, that

# Sums and products of a few small integers: exact in float64.
EXACT = 1e-12

COURSE = [("input", 2.0), ("mul", 0, 0), ("mul", 1, 0), ("scale", 0, -3.0), ("add", 2, 3)]
TWINS = [("input", 3.0), ("input", 3.0), ("mul", 0, 1), ("add", 2, 0)]
SHARED = [("input", 3.0), ("mul", 0, 0), ("scale", 1, 2.0)]
WITH_A_STRANGER = [("input", 1.0), ("input", 2.0), ("mul", 1, 1), ("add", 0, 0), ("mul", 3, 0)]


def gradients(env, recipe, *roots):
    """The .grad of every node after backprop of each root."""
    function(env, "backprop")
    found = probe(env, "gradients_of", recipe, *roots)
    that(found is not None, "backprop must come to an end: it looked at the parents of the same nodes again and again.")
    return found


def parents_in(recipe, i):
    kind, *rest = recipe[i]
    return {"input": [], "scale": rest[:1]}.get(kind, rest)


def needed_by(recipe, root):
    """The places of the root and of everything it was computed from."""
    needed = {root}
    for i in range(root, -1, -1):
        if i in needed:
            needed.update(parents_in(recipe, i))
    return needed


def check_order(env, recipe, root, what):
    """Any order is right that has every needed node once, after its parents."""
    function(env, "topo_order")
    order = probe(env, "order_of", recipe, root)
    that(order is not None, "topo_order must come to an end: it looked at the parents of the same nodes again and again.")
    if isinstance(order, str):
        raise Invalid(f"topo_order must return a list of nodes; it returned {order}.")
    shown = f"For {what}, the returned nodes are numbers {order} of the graph, whose needed nodes are {sorted(needed_by(recipe, root))}."
    that(len(set(order)) == len(order), "topo_order must return each node once.", shown)
    that(
        set(order) == needed_by(recipe, root), "topo_order must return the root and all that it was computed from, and nothing else.", shown
    )
    late = [i for i in order if any(order.index(j) > order.index(i) for j in parents_in(recipe, i))]
    that(not late, "In topo_order, every node must come after all of its parents.", shown)


@test_case(points=2)
def every_node_comes_once_and_after_its_parents(env):
    """The graph of x³ − 3x; two inputs with equal values; a graph with nodes that the root does not need."""
    check_order(env, COURSE, 4, "x³ − 3x (0 is x, 1 is x², 2 is x³, 3 is −3x, 4 is the sum)")
    check_order(env, TWINS, 3, "ab + a with a = b = 3 (0 is a, 1 is b, 2 is ab, 3 is the sum)")
    check_order(env, WITH_A_STRANGER, 4, "a graph in which nodes 1 and 2 belong to another computation")


@test_case(points=3)
def a_shared_intermediate_comes_before_all_its_users(env):
    """u = x² and d = 2u, and their sum, written u + d and d + u: an order that is right for one may be wrong for the other."""
    for last, text in ((("add", 1, 2), "u + d"), (("add", 2, 1), "d + u")):
        check_order(env, [*SHARED, last], 3, f"f = {text} with u = x² and d = 2u (0 is x, 1 is u, 2 is d, 3 is f)")


@test_case(points=2)
def an_input_adds_up_what_all_its_uses_send_back(env):
    """x³ − 3x at x = 2, where x is used three times: the derivative is 12 − 3 = 9. And ab + a with two inputs of equal value."""
    found = gradients(env, COURSE, 4)
    claim = "For x³ − 3x at x = 2, computed as x·x, (x·x)·x, −3x and their sum, the gradient at x must be 9: the sum over all paths."
    close(found[0], 9.0, rtol=EXACT, what="the gradient at x", claim=claim)
    close(found[1], 2.0, rtol=EXACT, what="the gradient at x²", claim="The gradient at x² must be x = 2: x³ was computed as x² times x.")
    found = gradients(env, TWINS, 3)
    claim = "For ab + a with a = b = 3 the gradients must be b + 1 = 4 and a = 3: equal values are still two nodes."
    close(found[:2], [4.0, 3.0], rtol=EXACT, what="the gradient at input", claim=claim)


@test_case(points=1)
def a_node_passes_on_only_when_it_is_complete(env):
    """u = x², d = 2u, and their sum in both orders: u hears from the sum and from d, and only then speaks to x. The gradient is 6x."""
    for last, text in ((("add", 1, 2), "u + d"), (("add", 2, 1), "d + u")):
        found = gradients(env, [*SHARED, last], 3)
        claim = f"With u = x², d = 2u and f = {text} at x = 3, the gradient at x must be 18: u must be complete before it passes on to x."
        close(found[0], 18.0, rtol=EXACT, what="the gradient at x", claim=claim)
        close(
            found[1], 3.0, rtol=EXACT, what="the gradient at u", claim=f"With d = 2u and f = {text}, the gradient at u must be 1 + 2 = 3."
        )


@test_case(points=2)
def doubling_thirty_times_takes_thirty_one_visits(env):
    """y = y + y, thirty times: 31 nodes, and a billion paths from the last to the first."""
    recipe = [("input", 1.0), *(("add", i, i) for i in range(30))]
    function(env, "topo_order")
    function(env, "backprop")
    order, found = probe(env, "order_of", recipe, 30), probe(env, "gradients_of", recipe, 30)
    for name, result in (("topo_order", order), ("backprop", found)):
        claim = (
            f"In {name}, each node must be visited once. For y = y + y, thirty times, 31 visits are enough; "
            "following every path separately takes 2³⁰."
        )
        that(result is not None, claim)
    close(found[0], 2.0**30, rtol=EXACT, what="the gradient at the input", claim="For y = y + y, thirty times, the gradient must be 2³⁰.")


@test_case(points=1)
def a_second_call_adds_at_the_inputs_only(env):
    """u = x², d = 2u, f = u + d at x = 3, backprop(f) twice: x has 36; u and d have what one call gives."""
    found = gradients(env, [*SHARED, ("add", 1, 2)], 3, 3)
    claim = "After two calls the input must have twice its gradient, 36."
    close(found[0], 36.0, rtol=EXACT, what="the gradient at x after two calls", claim=claim)
    claim = "After two calls, u, d and f must have the gradients of the last call alone: 3, 1, 1."
    equal([float(g) for g in found[1:]], [3.0, 1.0, 1.0], what="the gradients at u, d and f after two calls", claim=claim)
