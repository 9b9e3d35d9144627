/*
 * Nothing acknowledged is lost (S2): the key `/sync`, synchronous_standby_names, and one commit.
 *
 * One writer at a time is taken for granted here (lease.pml). All commits are alike, and when one is
 * written is open, so one commit stands for every one: it is lost when it was acknowledged and a member
 * that /sync entitles has not flushed it. PostgreSQL acknowledges as early as it may: while names are
 * changing a commit returns as soon as either value allows it, and an empty value allows it until the
 * checkpointer has switched the waiting on. `make model` runs this, with NODES 1 and 2.
 *
 * Which standbys the rules would like best is left open: any choice of those that SyncSet could make.
 */
#ifndef NODES
#define NODES 1                       /* synchronous_node_count */
#endif
#define BIT(m) (1 << (m))
#define SIZE(s) (((s) & 1) + (((s) >> 1) & 1) + (((s) >> 2) & 1))
#define A ((leader + 1) % 3)             /* the other two */
#define B ((leader + 2) % 3)

/* A value of synchronous_standby_names: `FIRST n (members)` as n * 8 + members; 0 is the empty one. */
#define FIRST(n, s) ((n) * 8 + (s))
#define ALL(s) FIRST(SIZE(s), (s))
#define MEMBERS(v) ((v) & 7)
#define NUMBER(v) ((v) >> 3)
#define ALLOWS(v) (SIZE(MEMBERS(v) & has) >= NUMBER(v))
#define UNKNOWN 255
#define NOTHING 255
#define MOST(s) (SIZE(s) < NODES -> SIZE(s) : NODES)

/* The store: who leads, and which standbys /sync entitles beside it. */
byte leader = 0;
byte sync = 0;
bool late[8];            /* WriteSync of these standbys is on its way, and compares with /sync as it is now */

/* The commit, and who has flushed it. */
bool written = false;
bool acknowledged = false;
byte has = 0;

/* The primary's server: the value that counts, and the one that it is changing to. */
byte counts = 0;
byte next = 0;

/* The primary's agent. */
byte applied = UNKNOWN;  /* the names that it started the server with, or told it last ... */
bool certain = false;    /* ... and whether it knows that they count: Observation.namesCount */
byte applying = NOTHING; /* ApplyFiles under way: not yet read by the server ... */
bool reading = false;    /* ... read by it (`next`), and not yet known to count */
byte seen = 0;           /* /sync as the agent's view shows it ... */
bool stale = false;      /* ... which may have changed since */
bool wrote = false;      /* Memory.Sync.written is known ... */
bool excluded = false;   /* ... and no write of ours can compare with what is seen: LateWrite.EXCLUDED */
bool firm = true;        /* this agent saw its epoch begin: no other agent's write can compare with it */
byte adding = NOTHING;   /* Memory.SyncAdd: the standby that is being added ... */
bool noted = false;      /* ... the primary's position was asked for after the names counted ... */
bool covers = false;     /* ... and the commit lies before it */

byte known = 0;          /* within a decision: the names that count, and whom they enforce */
byte enforced = 0;

inline lookAt(names) {
    known = names;
    enforced = (known != UNKNOWN && NUMBER(known) >= SIZE(MEMBERS(known)) -> MEMBERS(known) : 0)
}

/* What counts is not known while a change is under way. */
inline look() {
#ifndef MUTATE_NAMES_KNOWN_WHILE_CHANGING
    if :: applying != NOTHING || reading || !certain -> lookAt(UNKNOWN) :: else -> lookAt(applied) fi
#else
    if :: !certain -> lookAt(UNKNOWN) :: else -> lookAt(applied) fi
#endif
}

inline lookAway() { known = 0; enforced = 0 }

inline check() {
    assert(!acknowledged || (has & BIT(leader)));
    assert(!acknowledged || (has & sync) == sync)
}

inline forgetAdd() { adding = NOTHING; noted = false; covers = false }

inline noneLate() { late[0] = false; late[1] = false; late[2] = false; late[3] = false; late[4] = false; late[5] = false; late[6] = false }

/* WriteSync. One that compares with a view that is old is refused whenever it comes. */
inline send(s) {
    if :: !stale -> late[s] = true :: else fi;
    wrote = true; excluded = false
}

inline syncBecomes(s) { sync = s; stale = true; noneLate(); check() }

/* SyncSet.next: before a name is dropped, /sync is written anew, so that no earlier write compares equal. */
#ifdef MUTATE_LATE_WRITE_NOT_EXCLUDED
#define MAY_SET(s) true
#else
#define MAY_SET(s) (excluded || known != UNKNOWN && ((s) & enforced) == enforced)
#endif
inline setNames(s) {
    forgetAdd();
    if
    :: !MAY_SET(s) -> send(seen)
    :: MAY_SET(s) && applying == NOTHING && !reading -> applying = ALL(s)
    :: else /* one ApplyFiles at a time: InFlight */
    fi
}

/* SyncSet.add: where the primary stands once the names count, then until the standby has got past that. */
inline add(m) {
    if
    :: adding != m -> forgetAdd(); adding = m
#ifdef MUTATE_ADD_WITHOUT_PROOF
    :: adding == m -> send(seen | BIT(m)); forgetAdd()
#endif
    :: adding == m && !noted -> noted = true; covers = written
    :: adding == m && noted && (!covers || (has & BIT(m))) -> send(seen | BIT(m)); forgetAdd()
    :: else
    fi
}

/* SyncSet.towardsTarget, for a choice `t` of standbys. */
#define SETTLED (known != UNKNOWN && (enforced & seen) == seen)
#define GROWS(t) (SETTLED && known == ALL(t) && ((t) & seen) == seen)
inline decide(t) {
    look();
    if
    :: known == UNKNOWN && seen == 0 -> setNames(t)
    :: known == UNKNOWN && seen != 0 -> setNames(seen)
    :: known != UNKNOWN && (enforced & seen) != seen -> setNames(seen)
#ifdef MUTATE_DROP_NAMES_BEFORE_SYNC
    :: SETTLED && ((t) & seen) != seen && known != ALL(t) -> setNames(t)
#endif
#ifdef MUTATE_ADD_BEFORE_NAMES
    :: SETTLED && ((t) & seen) == seen && (t) != seen -> send(t)
#endif
    :: SETTLED && ((t) & seen) != seen -> forgetAdd(); send(seen & (t))
    :: SETTLED && ((t) & seen) == seen && known != ALL(t) -> setNames(t)
    :: GROWS(t) && (t) == seen -> forgetAdd()
    :: GROWS(t) && ((t) & ~seen & 1) != 0 -> add(0)
    :: GROWS(t) && ((t) & ~seen & 3) == 2 -> add(1)
    :: GROWS(t) && ((t) & ~seen & 7) == 4 -> add(2)
    fi;
    lookAway()
}

/* Names that a server starts with count from its first commit; those of a reload in recovery may not. */
inline opens(names, count) {
    next = names;
    applied = names; certain = count;
    counts = (count -> names : 0)
}

/* A member takes over, and writes /sync before it promotes: PromotionRules. `alive` are the others that it sees,
   `count` says whether its names count, `change` is what its agent may just be changing them to. */
inline promote(m, alive, count, change) {
    assert(!acknowledged || (has & BIT(m)));
    if :: !(has & BIT(m)) -> written = false; has = 0 :: else fi; /* never acknowledged, and rewound on the others */
    leader = m;
    v = FIRST(MOST(alive), alive);
    opens(v, count);
    applying = change; reading = false;
    wrote = true; excluded = true; firm = true; forgetAdd();
#ifdef MUTATE_KEEP_SYNC_ON_PROMOTION
    sync = sync & ~BIT(m);
#else
    look(); sync = sync & enforced; lookAway();
#endif
    seen = sync; stale = false; noneLate(); check()
}

active proctype Cluster() {
    byte m, v, o, c;
    do
    /* --- clients and standbys; a standby that has flushed this commit has flushed all before it */
    :: d_step { !written -> written = true; has = BIT(leader) }
    :: d_step { written && !(has & BIT(A)) -> has = has | BIT(A) }
    :: d_step { written && !(has & BIT(B)) -> has = has | BIT(B) }
    :: d_step { written && !acknowledged && (ALLOWS(counts) || ALLOWS(next)) -> acknowledged = true; check() }
    /* --- the agent decides on what it sees */
    :: d_step { decide(0) }
    :: d_step { decide(BIT(A)) }
    :: d_step { decide(BIT(B)) }
    :: d_step { NODES > 1 -> decide(BIT(A) + BIT(B)) }
    /* --- the store executes a write, and the view shows it, now or later or never */
    :: d_step { late[0] -> syncBecomes(0) }
    :: d_step { late[BIT(A)] -> v = BIT(A); syncBecomes(v); v = 0 }
    :: d_step { late[BIT(B)] -> v = BIT(B); syncBecomes(v); v = 0 }
    :: d_step { late[BIT(A) + BIT(B)] -> v = BIT(A) + BIT(B); syncBecomes(v); v = 0 }
    :: d_step { stale -> stale = false; seen = sync; excluded = wrote }
    /* --- a change of the names reaches the server, then counts and is known to; or fails on the way */
    :: d_step { applying != NOTHING -> next = applying; applying = NOTHING; reading = true }
    :: d_step { reading -> reading = false; counts = next; applied = next; certain = true }
    :: d_step { applying != NOTHING || reading ->
           applying = NOTHING; reading = false
#ifndef MUTATE_NAMES_KNOWN_WHILE_CHANGING
           ; certain = false
#endif
       }
    :: d_step { !reading && counts != next -> counts = next } /* a checkpoint that nobody waited for */
    /* --- the agent dies, and another one takes up what it finds; what was sent is still under way */
    :: d_step { applied = UNKNOWN; certain = false; applying = NOTHING; reading = false; seen = sync; stale = false;
           wrote = false; excluded = false; firm = false; forgetAdd() }
    /* --- the server crashes and starts again in place: LeaderRules.restartNames, under an epoch that this
           agent saw begin: else it first writes the leader key anew, and compares /sync with what it sees */
#ifdef MUTATE_RESTART_UNDER_AN_OLD_EPOCH
    :: atomic { true ->
#else
    :: atomic { firm || !stale ->
           if :: !firm -> firm = true; noneLate() :: else fi;
#endif
           lookAt(applied);
           if
           :: enforced != 0 && (enforced & seen) == seen -> v = applied
           :: applied != UNKNOWN && applied != 0 && seen == 0 -> v = applied
           :: (enforced & seen) != seen -> v = ALL(seen)
           :: (applied == UNKNOWN || applied == 0) && seen == 0 -> v = 0
           :: (applied == UNKNOWN || applied == 0) && seen == 0 -> v = FIRST(1, BIT(A))
           :: (applied == UNKNOWN || applied == 0) && seen == 0 -> v = FIRST(1, BIT(B))
           :: (applied == UNKNOWN || applied == 0) && seen == 0 -> v = FIRST(NODES, BIT(A) + BIT(B))
           fi;
           lookAway();
           d_step { reading = false; opens(v, true); v = 0 } }
    /* --- the primary is gone for good, or is to hand over: whoever /sync entitles */
    :: atomic { true ->
           if :: m = leader :: sync & BIT(A) -> m = A :: sync & BIT(B) -> m = B fi;
           if :: o = 0 :: o = BIT((m + 1) % 3) :: o = BIT((m + 2) % 3) :: o = 7 - BIT(m) fi;
           if
           :: c = NOTHING
           :: c = FIRST(1, BIT((m + 1) % 3))
           :: c = FIRST(1, BIT((m + 2) % 3))
           :: c = FIRST(NODES, 7 - BIT(m))
           fi;
           if
           :: d_step { promote(m, o, true, c); m = 0; v = 0; o = 0; c = 0 }
           :: d_step { promote(m, o, false, c); m = 0; v = 0; o = 0; c = 0 }
           fi }
    od
}
