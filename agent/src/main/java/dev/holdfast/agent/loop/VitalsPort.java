package dev.holdfast.agent.loop;

import dev.holdfast.core.decide.Vital;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Tries what PostgreSQL cannot do without. Returns at once; the stage completes when the answer is
 * there, which may be never, with what is wrong as one sentence, or empty when all is well. It
 * never fails.
 */
public interface VitalsPort {
    CompletionStage<Optional<String>> ask(Vital.Kind kind);
}
