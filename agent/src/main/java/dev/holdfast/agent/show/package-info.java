/**
 * What the member shows of itself: status for REST and the load balancers, its record in the store,
 * journal and metrics; and the commands that operators send it. May use everything of the agent but
 * {@code Main}.
 */
@NullMarked
package dev.holdfast.agent.show;

import org.jspecify.annotations.NullMarked;
