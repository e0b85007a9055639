/* UART and timers of the other MPS2 boards, at the Secure addresses of the IoT Kit; they run at 20 MHz. */
#define CMSDK_UART0 0x50200000
#define CMSDK_TIMER0 0x50000000
#define CMSDK_DUAL_TIMER 0x50002000
#include "cmsdk.c"
