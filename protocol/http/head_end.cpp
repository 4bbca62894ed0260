#include "protocol/http/head.h"

namespace tidemark::http {

HeadEnd::Status HeadEnd::find(std::string_view head) {
  for (;;) {
    const auto feed = head.find('\n', scanned_);
    if (feed == std::string_view::npos) {
      scanned_ = head.size();
      return Status::need_more;
    }
    if (feed == line_ || head[feed - 1] != '\r') return Status::malformed;
    if (past_first_line() && (head[line_] == ' ' || head[line_] == '\t')) return Status::malformed;
    const bool empty = feed == line_ + 1;
    if (!past_first_line()) first_line_end_ = feed + 1;
    line_ = feed + 1;
    scanned_ = line_;
    if (!empty) continue;
    if (feed > 1) return Status::complete;
    begin_ = line_;  // an empty line at the very start; a second one completes an empty head, which is then refused
  }
}

}  // namespace tidemark::http
