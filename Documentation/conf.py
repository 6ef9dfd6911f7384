# SPDX-License-Identifier: GPL-2.0
#
# How Sphinx builds this manual. Everything it needs is Debian's: python3-sphinx (5.3 or newer)
# and the theme that comes with it.

project = "vhm"
author = "the vhm authors"
copyright = author

language = "en"
root_doc = "index"
exclude_patterns = ["build", "_build"]

# A name in backquotes is a literal; kernel code is most of what is shown.
default_role = "literal"
highlight_language = "c"
nitpicky = True

html_theme = "alabaster"
html_theme_options = {
    "description": "a hypervisor in one kernel module",
    "page_width": "1080px",
    "fixed_sidebar": True,
}
html_sidebars = {"**": ["about.html", "localtoc.html", "navigation.html", "searchbox.html"]}
html_show_sourcelink = False
html_copy_source = False
