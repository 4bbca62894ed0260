#include "src/cli/interruption.h"

#include <atomic>
#include <csignal>

namespace tidemark::cli {
namespace {

std::atomic<bool> noted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler must not wait");

void note(int signal) {
  noted = true;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void note_interruptions() {
  std::signal(SIGINT, note);
  std::signal(SIGTERM, note);
  for (const int signal : {SIGHUP, SIGQUIT}) {
    // nohup, and a shell without job control of what it runs in the background, have them ignored.
    if (std::signal(signal, note) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
}

bool interrupted() { return noted; }

}  // namespace tidemark::cli
