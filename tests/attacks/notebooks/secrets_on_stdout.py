"""What students see of standard output"""
# %%
import glob

for path in glob.glob(f"{COURSE}/**/*.py", recursive=True) + glob.glob("**/*", recursive=True):
    try:
        print(open(path).read())
    except (OSError, UnicodeDecodeError):
        pass
