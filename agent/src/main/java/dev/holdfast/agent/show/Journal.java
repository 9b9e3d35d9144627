package dev.holdfast.agent.show;

import dev.holdfast.api.MemberService.JournalLine;
import dev.holdfast.core.decide.Action;
import dev.holdfast.core.decide.Decision;
import dev.holdfast.core.decide.GuardFact;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Each decision once, with its reason: to the log, and the newest ones for REST. A decision is
 * written when its reason differs from the one before, or it has an action that was not told with
 * that reason; the progress of what goes on is not news.
 */
final class Journal {
    private static final Logger LOG = LoggerFactory.getLogger("journal");
    private static final int KEPT = 500;

    private final Deque<JournalLine> lines = new ArrayDeque<>();
    private String lastWhy = "";
    private final SortedSet<String> lastActions = new TreeSet<>();

    void onDecision(Decision decision) {
        SortedSet<String> actions = new TreeSet<>();
        for (Action action : decision.actions()) {
            boolean routine =
                    action instanceof Action.SetGuard(GuardFact.Mode.Armed _)
                            || action instanceof Action.AskCommits;
            if (!routine) {
                actions.add(action.getClass().getSimpleName());
            }
        }
        // Only the part before a colon says why; what follows is progress or a position.
        String sentence = decision.reason().sentence();
        int colon = sentence.indexOf(": ");
        String why =
                decision.reason().code().text()
                        + (colon > 0 ? sentence.substring(0, colon) : sentence);
        boolean news = !why.equals(lastWhy);
        if (news) {
            lastActions.clear();
        }
        lastWhy = why;
        if (lastActions.addAll(actions) || news) {
            write(decision.reason().code().text(), sentence, String.join(" ", actions));
        }
    }

    void onNote(String sentence) {
        write("note", sentence, "");
    }

    synchronized List<JournalLine> lines() {
        return List.copyOf(lines);
    }

    private void write(String code, String sentence, String actions) {
        LOG.atInfo()
                .addKeyValue("code", code)
                .addKeyValue("actions", actions)
                .log("{}: {}{}", code, sentence, actions.isEmpty() ? "" : " [" + actions + "]");
        synchronized (this) {
            lines.addLast(new JournalLine(Instant.now().toString(), code, sentence, actions));
            if (lines.size() > KEPT) {
                lines.removeFirst();
            }
        }
    }
}
