import os
import shutil


def download(name):
    shutil.copy(name, os.environ["DOWNLOADS"])
