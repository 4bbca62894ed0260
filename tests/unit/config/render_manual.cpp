// Writes the manual pages and shell completions. After a change of the tables of commands or options:
//   ninja -C build tests/unit/config/render_manual && build/tests/unit/config/render_manual .
#include <filesystem>
#include <fstream>

#include "src/config/manual.h"

int main(int count, char** arguments) {
  if (count != 2) return 2;
  for (const auto& [path, text] : tidemark::manual_files()) {
    const auto file = std::filesystem::path(arguments[1]) / path;
    std::filesystem::create_directories(file.parent_path());
    if (!(std::ofstream(file, std::ios::binary) << text)) return 1;
  }
  return 0;
}
