"""Values of all HTPW_ options, as JSON, for settings given as NAME=VALUE. Any warning of kconfiglib is an error."""
import json
import sys

import kconfiglib

kconfig = kconfiglib.Kconfig("Kconfig", warn_to_stderr=False)
for setting in sys.argv[1:]:
    name, value = setting.split("=", 1)
    if not kconfig.syms[name].set_value(value):
        sys.exit(f"{name}: cannot be {value}")
    if kconfig.syms[name].str_value != value:
        sys.exit(f"{name}: asked for {value}, is {kconfig.syms[name].str_value}")
if kconfig.warnings:
    sys.exit("\n".join(kconfig.warnings))
print(json.dumps({s.name: s.str_value for s in kconfig.unique_defined_syms if s.name.startswith("HTPW")}))
