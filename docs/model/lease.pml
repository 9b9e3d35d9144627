/*
 * One writer (S1): three members, one store, the lease, the epoch record and the guard.
 *
 * Each `::` below is one thing that happens at one place; between any two of them anything else may. An
 * agent that hangs, a host that is cut off, a view that is old and a message that is slow need no step of
 * their own: nothing is ever forced to happen, except that time does not pass the instant at which an
 * armed guard kills. README.md says what is covered and what is not; `make model` runs this.
 *
 * An epoch is a revision of etcd, so that it grows is etcd's promise. All that is needed of it here is
 * whether it is still the leader key's. So there are no numbers: what is known of the epoch is CURRENT
 * until the leader key changes and OLD from then on, and a write on its way that would compare unequal is
 * taken away. That keeps the model finite without a bound on the number of leaders.
 */
#define TTL 2                   /* ticks for which the store keeps a lease that is not renewed */
#define SURE(m) (until[m] >= 2) /* the soft deadline lies ahead, so that a LeaderProof can be built */
#define DUE(m) (armed[m] && until[m] <= 1) /* the guard kills, a tick before the store gives the lease away */
#define NOBODY 3

mtype = { NONE, CURRENT, UNSURE, OLD }; /* what is known of the leader key's epoch */
mtype = { GONE, STANDBY, PRIMARY };     /* PostgreSQL; PRIMARY from when it might first write */

/* The store. Whoever holds the leader key is the one whom the key `epoch` names. */
byte last = 0;          /* `epoch`: who took the leader key last ... */
bool released = false;  /* ... whether it was given back by a member that had fenced itself ... */
byte left = TTL;        /* ... and the ticks that are left of the lease it was taken under */
bool held = true;       /* the leader key is there */

/* Writes that were sent and are not yet executed. They outlive the agent that sent them. */
bool creates[3];        /* takes the key; compares `epoch` */
bool releases = false;  /* these three are the leader's; they compare the leader key */
bool renews = false;
byte handsTo = NOBODY;

/* The members. */
mtype knows[3] = NONE;  /* LeaseFact.leaderEpoch: the epoch under which the agent believes to lead */
byte until[3];          /* ticks until its lease may end, by its own clock; the guard's deadline, if armed */
bool armed[3];          /* the guard kills at DUE, whatever the agent does */
mtype server[3] = STANDBY;
bool starting[3];       /* the worker looked at the proof, and is about to tell the guard to start */
mtype answer = NONE;    /* on its way to `last`: the lease is renewed, and the key was read as its own ... */
byte lasts = 0;         /* ... and what is left of it, counted from the sending */
bool unsure = false;    /* the leader's agent sent, or one before it may have sent, what ends this epoch */

#ifdef MUTATE_TAKE_WITHOUT_WAITING
#define FREE(m) true
#else
#define FREE(m) (released || last == m || left == 0) /* RaceRules.predecessor */
#endif
#ifdef MUTATE_RELEASE_BEFORE_FENCING
#define FENCED(m) true
#else
#define FENCED(m) (!starting[m] && (server[m] == GONE || server[m] == STANDBY && !armed[m])) /* Action.Fenced */
#endif
#ifdef MUTATE_GO_ON_AFTER_GIVING_AWAY
#define FIRM(m) (knows[m] != NONE)
#else
#define FIRM(m) (knows[m] == CURRENT || knows[m] == OLD)
#endif
#ifdef MUTATE_PROMOTE_UNARMED
#define MAY_WRITE(m) (FIRM(m) && SURE(m))
#else
#define MAY_WRITE(m) (FIRM(m) && SURE(m) && armed[m])
#endif
#ifdef MUTATE_GUARD_STARTS_UNARMED
#define GUARD_STARTS(m) true
#else
#define GUARD_STARTS(m) (armed[m] && !DUE(m))
#endif
#define LEADS(m) (held && last == m && (knows[m] == CURRENT || knows[m] == UNSURE)) /* can send what compares equal */

inline ages(what) {
    if
    :: what == CURRENT -> what = OLD
#ifdef MUTATE_GO_ON_AFTER_GIVING_AWAY
    :: what == UNSURE -> what = OLD
#else
    :: what == UNSURE -> what = NONE /* it would not be relied on */
#endif
    :: else
    fi
}

/* Every change of the leader key ends an epoch: what compares with that one is void. */
inline keyBecomes(there) {
    held = there; releases = false; renews = false; handsTo = NOBODY; unsure = false;
    ages(knows[0]); ages(knows[1]); ages(knows[2]); ages(answer)
}

/* S1, checked whenever somebody begins to write; and what it rests on: whoever takes the key finds the others fenced. */
inline alone(m) {
    assert(m == 0 || server[0] != PRIMARY);
    assert(m == 1 || server[1] != PRIMARY);
    assert(m == 2 || server[2] != PRIMARY)
}

inline hears() { answer = NONE; lasts = 0 }

/* CreateLeader and HandOver: the leader key and `epoch` in one transaction. */
inline takes(m, rest) {
    alone(m);
    if :: last != m -> hears() :: else fi;
    last = m; released = false; left = rest;
    creates[0] = false; creates[1] = false; creates[2] = false;
    keyBecomes(true)
}

inline gives() { released = true; left = 0; creates[0] = false; creates[1] = false; creates[2] = false; keyBecomes(false) }

/* No view goes back (MirroredState), and LeaderRules asks for the epoch that it shows: an older answer says nothing. */
inline learns(m, epoch, rest) {
    knows[m] = epoch; until[m] = rest;
    if :: m == last && epoch != OLD && answer == OLD -> hears() :: else fi
}

/* What ends this epoch is sent: from now on the agent does not write under it. */
inline sends() {
    unsure = true; knows[last] = UNSURE;
    if :: answer == CURRENT -> answer = UNSURE :: else fi
}

/* What the agent knew is gone; a guard that is armed goes on counting. */
inline forgets(m) { knows[m] = NONE; if :: !armed[m] -> until[m] = 0 :: else fi }

inline disarms(m) { armed[m] = false; if :: knows[m] == NONE -> until[m] = 0 :: else fi }

inline writes(m) { server[m] = PRIMARY; alone(m) }

inline fewer(what) { what = (what > 0 -> what - 1 : 0) }

active [3] proctype Member() {
    byte c;
    do
    /* --- the lease: LeaseKeeper. A renewal is executed, and the key read; whether that is heard is open. */
    :: d_step { last == _pid && left > 0 -> left = TTL }
    :: d_step { last == _pid && left > 0 && held ->
           left = TTL; lasts = TTL; answer = (unsure -> UNSURE : CURRENT) }
#ifdef MUTATE_TRUST_THE_LEASE_ALONE
    :: d_step { knows[_pid] != NONE && (last != _pid || left > 0) -> until[_pid] = TTL }
#endif
    :: d_step { last == _pid && answer != NONE ->
#ifdef MUTATE_COUNT_FROM_THE_REPLY
           lasts = TTL;
#endif
           learns(_pid, answer, lasts); hears() }
    /* --- the view shows that this member does not lead, and cannot take the key back: FenceRules */
    :: d_step { knows[_pid] == OLD && (last != _pid || released) -> forgets(_pid) }
    /* --- taking a free key, or its own that was removed: RaceRules, FenceRules.keyGone. Of a lease that is not
           in the record only matters that there is one, and what is left of it when the key is taken. */
    :: d_step { !held && FREE(_pid) && server[_pid] != GONE -> creates[_pid] = true }
    :: atomic { creates[_pid] && !held ->
           if
           :: last == _pid && !released && left > 0 -> c = left
           :: !(last == _pid && !released && left > 0) -> c = TTL
           :: !(last == _pid && !released && left > 0) -> c = 1
           fi;
           d_step { takes(_pid, c) };
           if
           :: learns(_pid, CURRENT, c)
           :: skip /* the answer is lost */
           fi;
           c = 0 }
    /* --- becoming primary: the guard first, then a promotion, or a start in place in two steps */
    :: d_step { knows[_pid] != NONE && SURE(_pid) && !armed[_pid] -> armed[_pid] = true }
    :: d_step { MAY_WRITE(_pid) && server[_pid] == STANDBY -> writes(_pid) }
    :: d_step { MAY_WRITE(_pid) && server[_pid] == GONE && !starting[_pid] -> starting[_pid] = true }
    :: d_step { starting[_pid] ->
           starting[_pid] = false;
           if :: server[_pid] == GONE && GUARD_STARTS(_pid) -> writes(_pid) :: else fi }
    /* --- giving the key back, or to a standby, once this member is fenced; the answer may be lost */
    :: d_step { LEADS(_pid) && FENCED(_pid) -> releases = true; sends() }
    :: d_step { LEADS(_pid) && server[_pid] == GONE && !starting[_pid] && server[(_pid + 1) % 3] == STANDBY ->
           handsTo = (_pid + 1) % 3; sends() }
    :: d_step { LEADS(_pid) && server[_pid] == GONE && !starting[_pid] && server[(_pid + 2) % 3] == STANDBY ->
           handsTo = (_pid + 2) % 3; sends() }
    :: d_step { last == _pid && releases -> gives(); forgets(_pid) }
    :: d_step { last == _pid && releases -> gives() }
    :: d_step { handsTo == _pid -> c = last; takes(_pid, TTL); forgets(c); c = 0 }
    :: d_step { handsTo == _pid -> takes(_pid, TTL) }
    :: d_step { handsTo == _pid -> takes(_pid, 1) }
    /* --- the leader key is written anew under the same lease: what may be on its way is void then */
    :: d_step { LEADS(_pid) && unsure -> renews = true }
    :: d_step { last == _pid && renews -> keyBecomes(true); learns(_pid, CURRENT, left) }
    :: d_step { last == _pid && renews -> keyBecomes(true) }
    /* --- PostgreSQL and the guard. A crash; that the agent fences by itself looks the same. */
    :: d_step { server[_pid] == PRIMARY -> server[_pid] = GONE }
    :: d_step { DUE(_pid) -> server[_pid] = GONE; disarms(_pid) }
    :: d_step { server[_pid] == GONE && !starting[_pid] -> server[_pid] = STANDBY; disarms(_pid) }
    /* --- the agent dies and another one starts: it remembers nothing, and what was sent is still under way */
    :: d_step { forgets(_pid); starting[_pid] = false;
           if :: last == _pid -> hears(); unsure = held :: else fi }
    od
}

active proctype World() {
    do
    /* Time passes for everybody alike; no guard lets its deadline go by while there is something to kill. */
    :: d_step { !(DUE(0) && server[0] != GONE) && !(DUE(1) && server[1] != GONE) && !(DUE(2) && server[2] != GONE) ->
           fewer(until[0]); fewer(until[1]); fewer(until[2]); fewer(lasts);
           if :: lasts == 0 -> answer = NONE :: else fi;
           if
           :: left == 1 -> left = 0; creates[last] = false; if :: held -> keyBecomes(false) :: else fi
           :: else -> fewer(left)
           fi }
    /* An operator removes the leader key; `epoch` stays. */
    :: d_step { held -> keyBecomes(false) }
    od
}
