// Prints the documented default file. After a change of the option table:
//   ninja -C build tests/unit/config/render_default_file && build/tests/unit/config/render_default_file > config/tidemark.toml
#include <cstdio>
#include <string>

#include "src/config/options.h"

int main() { return std::fputs(tidemark::default_config_file().c_str(), stdout) < 0 ? 1 : 0; }
