"""Markup in what staff and students read"""
# %%
raise RuntimeError("<script>alert(1)</script> ![x](https://example.org/x.png)\n```\n# You passed\n<b>bold</b>")
