/**
 * The member's configuration as its operator handles it: read from files and the environment,
 * validated on this host, made for him. May use {@code core}, the trees of {@code dcs}, and of
 * {@code postgres} what the programs say.
 */
@NullMarked
package dev.holdfast.agent.file;

import org.jspecify.annotations.NullMarked;
