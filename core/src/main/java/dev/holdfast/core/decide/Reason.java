package dev.holdfast.core.decide;

/**
 * Why a member did what it did: a stable code and one sentence. Journal, REST, metrics and tests
 * use the same one.
 */
public record Reason(Code code, String sentence) {

    /** Stable: scripts and dashboards may match on {@link #text()}. */
    public enum Code {
        STORE_UNKNOWN("store.unknown"),
        STORE_OLDER("store.older"),
        GUARD_AWAY("guard.away"),
        TASK_RUNNING("task.running"),
        DATA_UNKNOWN("data.unknown"),
        PAUSED("paused"),

        FENCE_OTHER_LEADER("fence.other_leader"),
        FENCE_DEADLINE("fence.deadline"),
        FENCE_NO_LEASE("fence.no_lease"),
        FENCE_KEY_GONE("fence.key_gone"),
        FENCE_NOT_ENTITLED("fence.not_entitled"),

        BOOTSTRAP_CLAIM("bootstrap.claim"),
        BOOTSTRAP_INITDB("bootstrap.initdb"),
        BOOTSTRAP_START("bootstrap.start"),
        BOOTSTRAP_FINISH("bootstrap.finish"),
        BOOTSTRAP_ELSEWHERE("bootstrap.elsewhere"),
        BOOTSTRAP_LOST("bootstrap.lost"),
        CLONE("clone.start"),
        CLONE_WAIT("clone.wait_for_leader"),
        REFUSE_SYSTEM("refuse.other_system"),
        REFUSE_DIRECTORY("refuse.directory"),

        FOLLOW("follow"),
        FOLLOW_START("follow.start"),
        FOLLOW_APPLY("follow.apply"),
        FOLLOW_WAKE("follow.wake"),
        FOLLOW_ASK("follow.ask_history"),
        FOLLOW_WAIT_PROMOTION("follow.wait_for_promotion"),
        FOLLOW_DIVERGED("follow.diverged"),
        FOLLOW_LIMITS("follow.limits"),
        FOLLOW_SLOTS("follow.slots"),
        REJOIN_UNWELL("rejoin.unwell"),
        REJOIN_OFF("rejoin.switched_off"),
        REJOIN_KEEP("rejoin.keep_aside"),
        REWIND("follow.rewind"),
        RECLONE("follow.reclone"),
        STARTING("start.wait"),
        START_BACKOFF("start.backoff"),
        SILENT("server.silent"),

        RACE_START("race.start"),
        RACE_NOT_FIT("race.not_fit"),
        RACE_WATCHDOG("race.watchdog"),
        RACE_NOT_SYNC("race.not_in_sync_set"),
        RACE_LAGS("race.lags"),
        RACE_TIMELINE("race.timeline"),
        RACE_CANDIDATE("race.other_candidate"),
        RACE_NOT_LISTED("race.not_in_failsafe"),
        RACE_CONFIRMED("race.confirmed_another"),
        RACE_ABSTAINS("race.abstains"),
        RACE_UNWELL("race.unwell"),
        RACE_PRE_PROMOTE("race.pre_promote"),
        RACE_PREDECESSOR("race.wait_for_predecessor"),
        RACE_PEERS("race.ask_peers"),
        RACE_BETTER("race.better_peer"),
        RACE_VOTES("race.wait_for_votes"),
        RACE_FETCH("race.fetch"),
        RACE_ACQUIRE("race.acquire"),

        LEAD("lead"),
        LEAD_CONFIRM("lead.confirm"),
        LEAD_RENEW_EPOCH("lead.renew_epoch"),
        LEAD_ARM("lead.arm_guard"),
        LEAD_HANDED_OVER("lead.wait_for_checkpoint"),
        LEAD_CATCH_UP("lead.catch_up"),
        LEAD_PRE_PROMOTE("lead.pre_promote"),
        LEAD_CLAIM("lead.claim_timeline"),
        LEAD_PROMOTE("lead.promote"),
        LEAD_RESTART("lead.restart_in_place"),
        LEAD_RELEASE("lead.release"),
        LEAD_SETTLE("lead.wait_for_sync_set"),
        LEAD_RECORD("lead.record_promotion"),
        LEAD_UNUSED("lead.give_back"),
        LEAD_UPKEEP("lead.upkeep"),
        LEAD_SYNC("lead.sync_set"),
        LEAD_FAILSAFE("lead.failsafe"),
        LEAD_UNWELL("lead.unwell"),
        LEAD_RUN_OUT("lead.run_out"),

        STANDBY_LEAD("standby.lead"),
        STANDBY_ASK("standby.ask_source"),
        STANDBY_DEMOTE("standby.demote"),
        STANDBY_RECORD("standby.record"),

        SWITCHOVER_REFUSED("switchover.refused"),
        SWITCHOVER_CHECKPOINT("switchover.checkpoint"),
        SWITCHOVER_BALANCER("switchover.wait_for_health_check"),
        SWITCHOVER_STOP("switchover.stop"),
        SWITCHOVER_ASK("switchover.ask_candidate"),
        SWITCHOVER_HAND_OVER("switchover.hand_over"),
        SWITCHOVER_ABORT("switchover.abort"),
        SWITCHOVER_DUE("switchover.due"),
        SWITCHOVER_DROPPED("switchover.dropped"),

        ORDER_RESTART("order.restart"),
        ORDER_DUE("order.due"),
        ORDER_DROPPED("order.dropped"),
        ORDER_REINITIALIZE("order.reinitialize"),
        MAINTENANCE_STOP("maintenance.stop"),
        MAINTENANCE_STOPPED("maintenance.stopped"),
        SHUTDOWN("shutdown");

        private final String text;

        Code(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }
}
