#include "src/cli/suspension.h"

#include <atomic>
#include <csignal>

namespace tidemark::cli {
namespace {

std::atomic<bool> noted = false;

void note(int signal) {
  noted = true;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void note_suspensions() {
  if (std::signal(SIGTSTP, note) == SIG_IGN) std::signal(SIGTSTP, SIG_IGN);
}

bool suspension_wanted() { return noted; }

void suspend() {
  noted = false;
  std::signal(SIGTSTP, SIG_DFL);
  (void)std::raise(SIGTSTP);
  note_suspensions();
}

}  // namespace tidemark::cli
