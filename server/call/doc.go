// Package call holds what transport, authentication and services know of one call.
//
// [Info] is made when a call arrives and travels in its context ([From]). Each part
// notes there what the log or the others need: whence the call comes, whose key it
// bears, how its answer is encoded. [CallerOf] tells who calls, with the roles that
// count in this call.
//
// Nothing that a caller writes into headers or metadata gets in here by itself. So
// over REST identity and address cross to the services by context alone.
package call
