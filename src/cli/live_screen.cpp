#include "src/cli/live_screen.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace tidemark::cli {
namespace {

// xterm's control sequences, which terminals have in common (terminfo: smcup and civis, cnorm and rmcup, home and ed).
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H\x1b[J";

}  // namespace

LiveScreen::LiveScreen(Output& output, bool wanted)
    : output_(output), on_(wanted && output.is_terminal() && terminal_obeys()) {
  if (on_) output_.text() += kEnter;
}

LiveScreen::~LiveScreen() {
  if (!on_) return;
  output_.text() += kLeave;
  output_.flush();
}

void LiveScreen::begin_view() {
  if (on_) output_.text() += kHome;
  begin_ = output_.text().size();
}

void LiveScreen::end_view() {
  if (!on_) return;
  const auto window = output_.window();
  if (!window) return;
  const std::string view = output_.text().substr(begin_);
  output_.text().resize(begin_);
  std::string_view rest = view;
  for (unsigned row = 0; row < window->rows && !rest.empty(); ++row) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (row > 0) output_.text() += '\n';  // none behind the last line: it would scroll
    output_.text() += line.substr(0, window->columns);
  }
}

}  // namespace tidemark::cli
